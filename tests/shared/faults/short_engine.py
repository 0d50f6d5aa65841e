"""Our engine with every stage shortened to a second. Run as ``python -m faults.short_engine`` by a worker.

Flows, tasks, the stages' own processes, waiting and cancelling are the real ones. Only the stages' functions and their
summaries are replaced, which also spares each engine the loading of torch.
"""

import os
import sys
from types import ModuleType
from typing import Any

from pydantic import BaseModel, ConfigDict

from faults import short_stages


class Summary(BaseModel):
    """What a shortened stage gives back, whatever it is."""

    model_config = ConfigDict(extra="allow", arbitrary_types_allowed=True)


STAND_INS: dict[str, dict[str, Any]] = {
    "crawler.process.run": {"crawl": short_stages.crawl},
    "crawler.process.summary": {"CrawlSummary": type("CrawlSummary", (Summary,), {})},
    "crawler.sources.common_crawl.run": {"CommonCrawlSummary": Summary, "archive_common_crawl": None},
    "cleaning.clean": {"CleanSummary": type("CleanSummary", (Summary,), {}), "clean": short_stages.clean},
    "cleaning.corpus.publish": {
        "PublishSummary": type("PublishSummary", (Summary,), {}),
        "publish": short_stages.publish,
    },
    "training.benchmark.run": {"BenchmarkSummary": Summary, "benchmark": None},
    "training.benchmark.table": {"TableSummary": Summary, "write_table": None},
    "training.results.evaluate": {"EvaluationSummary": Summary, "evaluate": short_stages.evaluate},
    "training.results.export": {"ExportSummary": Summary, "export": short_stages.export},
    "training.runs.kept_tokenizer": {"tokenizer_for": short_stages.train_tokenizer},
    "training.runs.pretrain": {"PretrainSummary": Summary, "pretrain": short_stages.pretrain},
    "training.tokens.pack": {"PackSummary": Summary, "pack": short_stages.pack},
    "training.tokens.tokenizer": {"TokenizerSummary": Summary},
    "flows.prefect_pages.corpus": {"show_corpus": lambda *_: None},
    "flows.prefect_pages.model": {"PAGES": {}},
}
"""What stands in for modules that hold a stage or load much."""


def shorten() -> None:
    """Replace the stages' functions and summaries, before anything of ours is imported."""
    for name, content in STAND_INS.items():
        module = ModuleType(name)
        module.__dict__.update(content)
        sys.modules[name] = module
    from flows import chain  # the names above must be there first
    from flows.stages import task

    chain.CorpusBuilt = Summary
    run_in_child = task.run_in_child
    task.run_in_child = lambda *args, **kwargs: Summary(**run_in_child(*args, **kwargs))


if __name__ == "__main__":
    os.environ["PREFECT_API_URL"] = os.environ["FAULTS_API_URL"]  # a worker names its own server whatever else is said
    shorten()
    from flows.serving import engine

    engine.main()
