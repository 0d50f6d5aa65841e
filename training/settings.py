"""The settings of this room; each class lies beside the code that obeys it."""

from training.benchmark.settings import BenchmarkSettings
from training.runs.pretrain_settings import EvaluationSettings, PretrainSettings
from training.tokens.pack import PackSettings
from training.tokens.tokenizer import TokenizerSettings

__all__ = ["BenchmarkSettings", "EvaluationSettings", "PackSettings", "PretrainSettings", "TokenizerSettings"]
