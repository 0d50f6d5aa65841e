"""Figures of others on the test splits, each with where it was published; sources that differ both stand."""

from dataclasses import dataclass

_TABLE_2022 = (
    "https://github.com/PlanTL-GOB-ES/lm-biomedical-clinical-es (README, Evaluation; Carrino et al. 2022, BioNLP)"
)
"""Its other columns: BETO-Galén, mBERT-Galén, roberta-base-bne; it has no plain BETO."""
_CARD_2021 = (
    "https://huggingface.co/PlanTL-GOB-ES/roberta-base-biomedical-clinical-es (card of 2021: another round of "
    "fine-tuning than the table of 2022)"
)
_IIC = "(García Subies et al. 2024, JAMIA 31:2137, hyperparameters searched for each model and task)"
"""Cards of fine-tuned models, as https://huggingface.co/IIC/mdeberta-v3-base-distemist."""
_QA_CARD = (
    "https://huggingface.co/hackathon-pln-es/biomedtra-small-es-squad2-es (card: 29.64 EM, 36.32 F1, on its dev split)"
)
_SIZES = {
    "bsc-bio-ehr-es": "base, 125M",
    "bsc-bio-es": "base, 125M",
    "mBERT": "base",
    "BETO": "base",
    "BioBERT": "base",
    "XLM-R-Galén": "base",
    "mDeBERTa-v3": "base",
    "XLM-R": "large",
    "roberta-large-bne": "large",
}


@dataclass(frozen=True, slots=True)
class Published:
    """One published figure: F1 of entities by seqeval on the test split; of answers on the dev split for QA."""

    task: str
    system: str
    size: str
    f1: float
    source: str


_BSC_TASKS = ("PharmaCoNER", "CANTEMIST", "ICTUSnet")
_BSC = (
    ("bsc-bio-ehr-es", _TABLE_2022, (0.8913, 0.8340, 0.8756)),
    ("bsc-bio-es", _TABLE_2022, (0.8907, 0.8220, 0.8727)),
    ("mBERT", _TABLE_2022, (0.8671, 0.8116, 0.8631)),
    ("BioBERT", _TABLE_2022, (0.8545, 0.8070, 0.8521)),
    ("XLM-R-Galén", _TABLE_2022, (0.8754, 0.8078, 0.8716)),
    ("BETO", _CARD_2021, (0.8818, 0.8242, 0.8595)),
    ("mBERT", _CARD_2021, (0.8746, 0.8261, 0.8675)),
)
_IIC_CARDS = (
    ("CANTEMIST", "bsc-bio-ehr-es", "bsc-bio-ehr-es-cantemist", 0.864),
    ("CANTEMIST", "BETO", "bert-base-spanish-wwm-cased-cantemist", 0.898),
    ("CT-EBM-SP", "bsc-bio-ehr-es", "bsc-bio-ehr-es-ctebmsp", 0.876),
    ("CT-EBM-SP", "mDeBERTa-v3", "mdeberta-v3-base-ctebmsp", 0.902),
    ("CT-EBM-SP", "XLM-R-Galén", "XLM_R_Galen-ctebmsp", 0.881),
    ("CT-EBM-SP", "roberta-large-bne", "roberta-large-bne-ctebmsp", 0.877),
    ("MEDDOCAN", "bsc-bio-ehr-es", "bsc-bio-ehr-es-meddocan", 0.967),
    ("MEDDOCAN", "XLM-R", "xlm-roberta-large-meddocan", 0.978),
    ("MEDDOCAN", "XLM-R-Galén", "XLM_R_Galen-meddocan", 0.947),
    ("DisTEMIST", "XLM-R", "xlm-roberta-large-distemist", 0.817),
    ("DisTEMIST", "mDeBERTa-v3", "mdeberta-v3-base-distemist", 0.808),
    ("DisTEMIST", "BETO", "bert-base-spanish-wwm-cased-distemist", 0.801),
    ("DisTEMIST", "roberta-large-bne", "roberta-large-bne-distemist", 0.793),
    ("DisTEMIST", "XLM-R-Galén", "XLM_R_Galen-distemist", 0.759),
    ("LivingNER", "mDeBERTa-v3", "mdeberta-v3-base-livingner1", 0.953),
    ("LivingNER", "BETO", "bert-base-spanish-wwm-cased-livingner1", 0.938),
    ("LivingNER", "roberta-large-bne", "roberta-large-bne-livingner1", 0.939),
)
PUBLISHED = (
    *(
        Published(task, system, _SIZES[system], f1, source)
        for system, source, figures in _BSC
        for task, f1 in zip(_BSC_TASKS, figures, strict=True)
    ),
    *(
        Published(task, system, _SIZES[system], f1, f"https://huggingface.co/IIC/{card} {_IIC}")
        for task, system, card, f1 in _IIC_CARDS
    ),
)
QA = Published("biomed_squad_es_v2", "BIOMEDTRA-small", "small, 14M", 0.3632, _QA_CARD)


def published_on(task: str) -> list[Published]:
    """What others reached on a task, the best first."""
    return sorted((one for one in (*PUBLISHED, QA) if one.task == task), key=lambda one: -one.f1)
