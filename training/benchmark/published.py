"""Figures of others on the test splits, each with where it was published."""

from dataclasses import dataclass

_CARD_2022 = "https://huggingface.co/PlanTL-GOB-ES/bsc-bio-ehr-es (card; Carrino et al. 2022, BioNLP)"
_CARD_2021 = "https://huggingface.co/PlanTL-GOB-ES/roberta-base-biomedical-clinical-es (card of 2021)"


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure: F1 of entities by seqeval, on the test split."""

    task: str
    system: str
    size: str
    f1: float
    source: str


PUBLISHED = tuple(
    Published(task, system, size, f1, source)
    for system, size, source, figures in (
        ("bsc-bio-ehr-es", "base, 125M", _CARD_2022, (0.8913, 0.8340)),
        ("mBERT", "base", _CARD_2022, (0.8671, 0.8116)),
        ("BETO", "base", _CARD_2021, (0.8818, 0.8242)),
        ("BioBERT", "base", _CARD_2022, (0.8545, 0.8070)),
    )
    for task, f1 in zip(("PharmaCoNER", "CANTEMIST"), figures, strict=True)
)
QA = Published(
    "biomed_squad_es_v2", "BIOMEDTRA-small", "small, 14M", 0.3632, "its fine-tuned model's card: 29.64 EM, 36.32 F1"
)


def published_on(task: str) -> list[Published]:
    """What others reached on a task, the best first."""
    return sorted((one for one in (*PUBLISHED, QA) if one.task == task), key=lambda one: -one.f1)
