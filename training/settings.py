"""The settings of this room; each class lies beside the code that obeys it."""

from training.benchmark.settings import BenchmarkSettings
from training.pack import PackSettings
from training.pretrain_settings import EvaluationSettings, PretrainSettings
from training.tokenizer import TokenizerSettings

__all__ = ["BenchmarkSettings", "EvaluationSettings", "PackSettings", "PretrainSettings", "TokenizerSettings"]
