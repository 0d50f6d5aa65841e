"""The plan of docs/scaling.md, worked out from measured rates: python bench/scaling.py prints its tables.

Every rate stands here once, with where it was measured. What is not measured says "estimate".
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from training.electra.presets import flops_per_token, model_shape

SCALES = (1, 10, 100, 1_000)
COWESE_TEXT_GB, COWESE_TOKENS = 4.5, 745_705_946
"""Carrino et al. 2021."""

WORDS_A_DOCUMENT = 895_244 / 2_253
TOKENS_A_DOCUMENT = 1_068_096 / 2_253
"""The replay of 14 sites, v0002 (README)."""
PAGES_A_DOCUMENT = 3_713 / 2_088
"""Answers of 200 a published document, round 1 of the replay (README)."""
REQUESTS_A_PAGE = 5_445 / 3_713
WARC_KB_A_PAGE = 14.0
"""150 real pages: 2.06 MB (bench/crawl.py warc)."""
REQUESTS_A_CPU_S = 5_445 / 18.9
"""Replay, round 1, everything counted (docs/measurements.md, Crawler)."""
STATE_BYTES_A_URL, URLS_A_REQUEST = 185, 3.0
"""bench/crawl.py frontier; known URLs for each one asked: estimate."""
PAGES_A_HOST_HOUR = 3_600
"""One request a second and host (docs/crawling.md): estimate."""
CLEAN_PAGES_A_CORE_S = (3_713 + 829 + 359) / (2 * 80.2)
"""4,901 answers of 200 (22,025 records) in 80.2 s on 2 quiet cores (bench/incremental_publish.py)."""
PUBLISH_WORDS_A_CORE_S = 1_000_000 * 120 / 268
"""bench/publish_sizes.py: a million documents of 120 words, cold, in 268 CPU s."""
JOINING_GB, JOINING_GB_A_MILLION = 0.35, 0.12
"""The same script: the one process that joins held 0.46 GB of a million documents and 1.52 GB of ten million."""
INDEX_BYTES_A_TEXT = 392 + 155
"""32 bands (cleaning/duplicates/band_index.py) and the sketches beside them (bench/dedup.py)."""
TEXT_RATIO = 3.16
"""Parquet, zstd 3 (FACTS)."""
TOKENIZER_MB_A_CPU_S, PACK_MB_A_CPU_S = 7.82, 7.10
"""bench/tokenizer.py, bench/packing.py."""
GPU_FLOPS, GPU_SHARE = 790e12, 0.35
"""One H200, bf16; the share that training reaches: estimate, not measured."""
STEP_SECONDS = 0.005
"""small at 128 x 128 on an H200: 4-6 ms expected, 2.8 ms is the floor by memory: estimate, not measured."""
MACHINE_CORES = 32


@dataclass(frozen=True, slots=True)
class Plan:
    """What one scale takes."""

    scale: int

    @property
    def documents(self) -> float:
        return self.scale * COWESE_TOKENS / TOKENS_A_DOCUMENT

    @property
    def pages(self) -> float:
        return self.documents * PAGES_A_DOCUMENT

    @property
    def crawl_core_hours(self) -> float:
        return self.pages * REQUESTS_A_PAGE / REQUESTS_A_CPU_S / 3600

    @property
    def clean_core_hours(self) -> float:
        return self.pages / CLEAN_PAGES_A_CORE_S / 3600

    @property
    def publish_core_hours(self) -> float:
        return self.documents * WORDS_A_DOCUMENT / PUBLISH_WORDS_A_CORE_S / 3600

    @property
    def text_gb(self) -> float:
        return self.scale * COWESE_TEXT_GB

    @property
    def small_steps(self) -> float:
        """Steps of 128 x 128 for one pass; 1x is read by BIOMEDTRA's million steps 22 times."""
        return max(1e6, self.scale * COWESE_TOKENS / 128**2)

    @property
    def base_hours(self) -> float:
        """One pass of the base preset on one GPU, by arithmetic at the share of the peak."""
        flops = flops_per_token(model_shape("base", 31_002), 512, 76)
        return self.scale * COWESE_TOKENS * flops / (GPU_FLOPS * GPU_SHARE) / 3600


def figure(value: float) -> str:
    """Two digits that count; more would promise too much."""
    if value == 0:
        return "0"
    digits = max(0, 1 - math.floor(math.log10(abs(value))))
    rounded = round(value, 1 - math.floor(math.log10(abs(value))))
    return f"{rounded:,.{min(digits, 2)}f}"


def count(value: float) -> str:
    """A large count in words."""
    for size, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{figure(value / size)} {name}"
    return figure(value)


def disk(gigabytes: float) -> str:
    """Gigabytes, or terabytes."""
    return f"{figure(gigabytes / 1e3)} TB" if gigabytes >= 1e3 else f"{figure(gigabytes)} GB"


ROWS: dict[str, Callable[[Plan], str]] = {
    "documents": lambda plan: count(plan.documents),
    "pages fetched (answers of 200)": lambda plan: count(plan.pages),
    "tokens": lambda plan: count(plan.scale * COWESE_TOKENS),
    "**crawl**, core-hours": lambda plan: figure(plan.crawl_core_hours),
    "hosts asked side by side for a round of 7 days": lambda plan: count(
        plan.pages * REQUESTS_A_PAGE / (PAGES_A_HOST_HOUR * 24 * 7)
    ),
    "crawl state": lambda plan: disk(plan.pages * REQUESTS_A_PAGE * URLS_A_REQUEST * STATE_BYTES_A_URL / 1e9),
    "WARC": lambda plan: disk(plan.pages * WARC_KB_A_PAGE / 1e6),
    "**clean**, core-hours": lambda plan: figure(plan.clean_core_hours),
    f"of them on 4 machines of {MACHINE_CORES} cores, hours": lambda plan: figure(
        plan.clean_core_hours / (4 * MACHINE_CORES)
    ),
    "**publish**, core-hours": lambda plan: figure(plan.publish_core_hours),
    "memory of the one process that joins": lambda plan: disk(JOINING_GB + plan.documents / 1e6 * JOINING_GB_A_MILLION),
    "band index and sketches": lambda plan: disk(plan.documents * INDEX_BYTES_A_TEXT / 1e9),
    "documents + one version (Parquet)": lambda plan: disk(2 * plan.text_gb / TEXT_RATIO),
    "**tokenizer**, hours on one core": lambda plan: figure(plan.text_gb * 1e3 / TOKENIZER_MB_A_CPU_S / 3600),
    "**pack**, hours on one core": lambda plan: figure(plan.text_gb * 1e3 / PACK_MB_A_CPU_S / 3600),
    "packed tokens": lambda plan: disk(plan.scale * COWESE_TOKENS * 2 / 1e9),
    "**pretrain** small, hours of one H200 (estimate)": lambda plan: figure(plan.small_steps * STEP_SECONDS / 3600),
    "base, one pass, hours of one H200 (estimate)": lambda plan: figure(plan.base_hours),
}


def table() -> str:
    """The plan as Markdown."""
    plans = [Plan(scale) for scale in SCALES]
    lines = ["| | " + " | ".join(f"{plan.scale:,} ×" for plan in plans) + " |", "|---|" + "---|" * len(plans)]
    lines += [f"| {name} | " + " | ".join(show(plan) for plan in plans) + " |" for name, show in ROWS.items()]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table())
