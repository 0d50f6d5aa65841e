"""Figures of others on the test splits, each with where it was published."""

from dataclasses import dataclass

_TABLE_2022 = (
    "https://github.com/PlanTL-GOB-ES/lm-biomedical-clinical-es (README, Evaluation; Carrino et al. 2022, BioNLP)"
)
"""Its other columns: bsc-bio-es, XLM-R-Galén, BETO-Galén, mBERT-Galén, roberta-base-bne; it has no plain BETO."""
_CARD_2021 = (
    "https://huggingface.co/PlanTL-GOB-ES/roberta-base-biomedical-clinical-es (card of 2021; its mBERT is 0.8746)"
)
"""Another round of fine-tuning than the table of 2022: mBERT has 0.8746 and 0.8261 here, 0.8671 and 0.8116 there."""
_QA_CARD = (
    "https://huggingface.co/hackathon-pln-es/biomedtra-small-es-squad2-es (card: 29.64 EM, 36.32 F1, on its dev split)"
)


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure: F1 of entities by seqeval on the test split; of answers on the dev split for QA."""

    task: str
    system: str
    size: str
    f1: float
    source: str


PUBLISHED = tuple(
    Published(task, system, size, f1, source)
    for system, size, source, figures in (
        ("bsc-bio-ehr-es", "base, 125M", _TABLE_2022, (0.8913, 0.8340)),
        ("mBERT", "base", _TABLE_2022, (0.8671, 0.8116)),
        ("BETO", "base", _CARD_2021, (0.8818, 0.8242)),
        ("BioBERT", "base", _TABLE_2022, (0.8545, 0.8070)),
    )
    for task, f1 in zip(("PharmaCoNER", "CANTEMIST"), figures, strict=True)
)
QA = Published("biomed_squad_es_v2", "BIOMEDTRA-small", "small, 14M", 0.3632, _QA_CARD)


def published_on(task: str) -> list[Published]:
    """What others reached on a task, the best first."""
    return sorted((one for one in (*PUBLISHED, QA) if one.task == task), key=lambda one: -one.f1)
