"""The tasks that are known by name: where their files lie, what counts, where they come from.

Every other name is a task of your own, whose form the files tell (``datasets``).
"""

from dataclasses import dataclass
from typing import Literal

Form = Literal["brat", "conll", "xmi", "table", "squad", "spans", "codes", "records", "bioc"]
"""``spans``: mentions in a TSV beside a folder of texts. ``codes``: codes of documents in a TSV beside their texts.
``records``: rows with named columns, as Parquet, Arrow, JSON or CSV."""


@dataclass(frozen=True, slots=True)
class Task:
    """A benchmark."""

    name: str
    form: Form | None
    """How its files are read; None: what they look like. ``spans`` gives way to brat where there is no table."""
    types: tuple[str, ...] = ()
    """The types that count; all where none is named."""
    within: tuple[str, ...] = ()
    """Of the folders in it only those under one of these names, where it comes with several tasks."""
    files: tuple[str, ...] = ()
    """Patterns of the names of its tables, where others lie beside them; all where none is named."""
    test: tuple[str, ...] = ()
    """Patterns of the names of files that are the test split, whatever the names say."""
    dev_is_test: bool = False
    """Figures are published on its development split, since the test split is kept back: dev counts as test."""
    label: str | None = None
    """The column of what is to be told, where rows have several."""
    has_splits: bool = True
    """False: it comes without a split, and documents are dealt out by a hash of their name: 80, 10, 10 %."""
    hub: str = ""
    """Its name among the hub's data sets, where it has one that is verified."""
    source: str = ""
    """Its archive, as BigBIO's loaders, the BSC's model cards or the task's own page name it."""
    citation: str = ""
    note: str = ""


TASKS = (
    Task(
        name="PharmaCoNER",
        form="brat",
        types=("NORMALIZABLES", "NO_NORMALIZABLES", "PROTEINAS", "UNCLEAR"),
        hub="PlanTL-GOB-ES/pharmaconer",
        source="https://zenodo.org/record/4270158",
        citation="Gonzalez-Agirre et al. 2019, PharmaCoNER (BioNLP-OST)",
        note="All four types count, as in the official scorer, which compares every T line.",
    ),
    Task(
        name="CANTEMIST",
        form="brat",
        types=("MORFOLOGIA_NEOPLASIA",),
        within=("cantemist-ner",),
        hub="PlanTL-GOB-ES/cantemist-ner",
        source="https://zenodo.org/record/3978041",
        citation="Miranda-Escalada et al. 2020, Cantemist (IberLEF)",
        note="train-set, dev-set1 and dev-set2 (together the development split), test-set.",
    ),
    Task(
        name="CT-EBM-SP",
        form="brat",
        types=("ANAT", "CHEM", "DISO", "PROC"),
        hub="bigbio/ctebmsp",
        source="https://zenodo.org/doi/10.5281/zenodo.15266798",
        citation="Campillos-Llanos et al. 2021, BMC Med Inform Decis Mak 21:69",
        note="The four semantic groups of version 1; later versions add types that do not count here. 14 % are nested.",
    ),
    Task(
        name="MEDDOCAN",
        form="brat",
        hub="bigbio/meddocan",
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
    Task(
        name="DisTEMIST",
        form="spans",
        types=("ENFERMEDAD",),
        files=("*subtrack1*.tsv",),
        hub="bigbio/distemist",
        source="https://zenodo.org/record/7614764",
        citation="Miranda-Escalada et al. 2022, DisTEMIST (BioASQ at CLEF)",
        note="Subtrack 1, training and test_annotated; it has no development split.",
    ),
    Task(
        name="SympTEMIST",
        form="spans",
        types=("SINTOMA",),
        files=("*subtask1*.tsv",),
        hub="bigbio/symptemist",
        source="https://zenodo.org/records/10635215",
        citation="Lima-López et al. 2023, SympTEMIST (BioCreative VIII)",
        note="Subtask 1, symptemist_train and symptemist_test; it has no development split.",
    ),
    Task(
        name="MedProcNER",
        form="spans",
        types=("PROCEDIMIENTO",),
        files=("*subtask1*.tsv",),
        source="https://zenodo.org/record/8224056",
        citation="Lima-López et al. 2023, MedProcNER/ProcTEMIST (BioASQ at CLEF)",
        note="Subtask 1, medprocner_train and medprocner_test; it has no development split.",
    ),
    Task(
        name="LivingNER",
        form="spans",
        types=("HUMAN", "SPECIES"),
        files=("*subtask1*.tsv",),
        source="https://zenodo.org/record/7684093",
        citation="Miranda-Escalada et al. 2022, LivingNER (IberLEF)",
        note="Subtask 1: training, valid, test.",
    ),
    Task(
        name="MultiClinNER-es",
        form="spans",
        types=("DISEASE", "SYMPTOM", "PROCEDURE"),
        within=("es", "spanish", "Spanish", "MultiClinNER-es"),
        source="https://doi.org/10.5281/zenodo.18508037",
        citation="MultiClinAI 2026 (SMM4H-HeaRD at ACL), temu.bsc.es/MultiClinAI",
        note="Its Spanish part; tables or brat, whichever is there. Its layout was not seen.",
    ),
    Task(
        name="ICTUSnet",
        form="brat",
        source="https://github.com/TeMU-BSC/ictusnet-deliverable",
        citation="Carrino et al. 2022, BioNLP, which publishes figures on it",
        note="Discharge reports of strokes, all types. Its layout was not seen.",
    ),
    Task(
        name="CodiEsp-D",
        form="codes",
        files=("*D.tsv",),
        hub="bigbio/codiesp",
        source="https://zenodo.org/record/3837305",
        citation="Miranda-Escalada et al. 2020, CodiEsp (CLEF eHealth)",
        note="ICD-10-CM codes of a case report, as many labels a text.",
    ),
    Task(
        name="CodiEsp-P",
        form="codes",
        files=("*P.tsv",),
        hub="bigbio/codiesp",
        source="https://zenodo.org/record/3837305",
        citation="Miranda-Escalada et al. 2020, CodiEsp (CLEF eHealth)",
        note="ICD-10-PCS codes of a case report, as many labels a text.",
    ),
    Task(
        name="CARES",
        form="records",
        label="chapters",
        hub="chizhikchi/CARES",
        source="https://huggingface.co/datasets/chizhikchi/CARES",
        citation="Chizhikova et al. 2023, CARES (Computers in Biology and Medicine)",
        note="Chapters of ICD-10, several a report; benchmark.label_column=icd10 takes the codes. It has no "
        "development split.",
    ),
    Task(
        name="XNLI-es",
        form="records",
        within=("es",),
        files=("xnli.dev.tsv", "xnli.test.tsv", "multinli.train.es.tsv", "*.parquet", "*.arrow", "*.json*"),
        hub="facebook/xnli",
        source="https://github.com/facebookresearch/XNLI",
        citation="Conneau et al. 2018, XNLI (EMNLP)",
        note="Rows of Spanish alone; its own TSV files or the hub's folder es.",
    ),
    Task(
        name="STS-es",
        form="records",
        hub="PlanTL-GOB-ES/sts-es",
        source="https://huggingface.co/datasets/PlanTL-GOB-ES/sts-es",
        citation="Agirre et al. 2014 and 2015, SemEval",
        note="Two sentences and how alike they are, 0 to 5: Pearson and Spearman.",
    ),
    Task(
        name="SQuAD-es",
        form="squad",
        dev_is_test=True,
        source="https://github.com/ccasimiro88/TranslateAlignRetrieve",
        citation="Carrino et al. 2020, LREC",
        note="Version 1.1 or 2.0, whichever files are there; figures on its development split, as published.",
    ),
    Task(
        name="XQuAD-es",
        form="squad",
        test=("xquad*",),
        hub="google/xquad",
        source="https://github.com/google-deepmind/xquad",
        citation="Artetxe et al. 2020, XQuAD (ACL)",
        note="xquad.es.json is the test split; put SQuAD-es's train and dev beside it.",
    ),
)


def find_task(name: str) -> Task:
    """A known task by its name in any case, or one of your own."""
    known = {task.name.casefold(): task for task in TASKS}
    return known.get(name.casefold(), Task(name=name, form=None))
