"""The tasks that are known by name: where their files lie, what counts, where they come from.

Every other name is a task of your own, whose form the files tell (``datasets``).
"""

from dataclasses import dataclass
from typing import Literal

Form = Literal["brat", "conll", "xmi", "table", "squad"]


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark."""

    name: str
    form: Form | None
    """How its files are read; None: what they look like."""
    types: tuple[str, ...] = ()
    """The types that count; all where none is named."""
    within: tuple[str, ...] = ()
    """Of the folders in it only those under one of these names, where it comes with several tasks."""
    has_splits: bool = True
    """False: it comes without a split, and documents are dealt out by a hash of their name: 80, 10, 10 %."""
    source: str = ""
    """Its archive; the three records on Zenodo are those that BigBIO's loaders and the BSC's model cards name."""
    citation: str = ""
    note: str = ""


TASKS = (
    Task(
        name="PharmaCoNER",
        form="brat",
        types=("NORMALIZABLES", "NO_NORMALIZABLES", "PROTEINAS", "UNCLEAR"),
        source="https://zenodo.org/record/4270158",
        citation="Gonzalez-Agirre et al. 2019, PharmaCoNER (BioNLP-OST)",
        note="All four types count, as in the official scorer, which compares every T line.",
    ),
    Task(
        name="CANTEMIST",
        form="brat",
        types=("MORFOLOGIA_NEOPLASIA",),
        within=("cantemist-ner",),
        source="https://zenodo.org/record/3978041",
        citation="Miranda-Escalada et al. 2020, Cantemist (IberLEF)",
        note="train-set, dev-set1 and dev-set2 (together the development split), test-set.",
    ),
    Task(
        name="CT-EBM-SP",
        form="brat",
        types=("ANAT", "CHEM", "DISO", "PROC"),
        source="https://zenodo.org/doi/10.5281/zenodo.15266798",
        citation="Campillos-Llanos et al. 2021, BMC Med Inform Decis Mak 21:69",
        note="The four semantic groups of version 1; later versions add types that do not count here. 14 % are nested.",
    ),
    Task(
        name="MEDDOCAN",
        form="brat",
        source="https://zenodo.org/record/4279323",
        citation="Marimon et al. 2019, MEDDOCAN (IberLEF)",
        note="All types of protected health information.",
    ),
    Task(
        name="NUBes",
        form="brat",
        within=("NUBes",),
        has_splits=False,
        source="https://github.com/Vicomtech/NUBes-negation-uncertainty-biomedical-corpus",
        citation="Lima et al. 2020, NUBes (LREC; arXiv 2004.01092)",
        note="Cues and scopes of negation and uncertainty, many nested or discontinuous. Its brat files have no split "
        "and are split by a hash; the paper's split (LREC2020/data, BIO with features) is of sentences: not used.",
    ),
    Task(
        name="E3C-es",
        form="xmi",
        types=("CLINENTITY",),
        within=("Spanish", "spanish"),
        has_splits=False,
        source="https://github.com/hltfbk/E3C-Corpus",
        citation="Magnini et al. 2020, The E3C Project (CLiC-it)",
        note="Clinical entities; name the folder of Spanish layer 1. Split by a hash, not by E3C's own lists.",
    ),
)


def find_task(name: str) -> Task:
    """A known task by its name in any case, or one of your own."""
    known = {task.name.casefold(): task for task in TASKS}
    return known.get(name.casefold(), Task(name=name, form=None))
