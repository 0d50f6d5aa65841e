"""The settings of this room; each class lies in the part whose code obeys it, and loads no library but pydantic."""

from training.benchmark.settings import BenchmarkSettings
from training.results.settings import ExportSettings
from training.runs.pretrain_settings import EvaluationSettings, PretrainSettings
from training.tokens.settings import PackSettings, TokenizerSettings

__all__ = [
    "BenchmarkSettings",
    "EvaluationSettings",
    "ExportSettings",
    "PackSettings",
    "PretrainSettings",
    "TokenizerSettings",
]
