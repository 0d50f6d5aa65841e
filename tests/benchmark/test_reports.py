"""What public reports of bugs in other tools are about, as small inputs: brat, spaCy, datasets, SQuAD's readers."""

import io
import json

import pytest

from data.errors import InputError
from training.benchmark.brat import read_document, write_document
from training.benchmark.datasets import read_splits
from training.benchmark.documents import Document, Mention
from training.benchmark.layout import left_out
from training.benchmark.new_texts import read_new_texts
from training.benchmark.tasks import find_task

SPLITS = ("train", "dev", "test")


def read(folder, ending, make, names=SPLITS):
    """The test split of three files."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / f"{name}{ending}").write_text(make(name), encoding="utf-8")
    return read_splits(find_task("mine"), folder)[1]["test"]


def words(document):
    return [(one.label, document.text[one.start : one.end]) for one in document.mentions]


@pytest.mark.parametrize("fragments", ["0 8;11 16", "0 8;9 16", "0 16"])
@pytest.mark.parametrize("line_break", ["\n  ", "\r\n "])
def test_a_mention_across_a_line_break_is_one(tmp_path, fragments, line_break):
    """brat cuts it in two (nlplab/brat issues 1042 and 1174); it is cut so when it is written too."""
    text = f"Dolor de{line_break}pecho fuerte.\n"
    (tmp_path / "a.txt").write_bytes(text.encode())
    (tmp_path / "a.ann").write_text(f"T1\tENF {fragments}\tDolor de pecho\n")
    document = read_document(tmp_path / "a.ann", "a")
    assert document.mentions == (Mention.over("ENF", (0, 16)),)
    write_document(tmp_path / "out", document, document.mentions)
    assert (tmp_path / "out" / "a.ann").read_text() == "T1\tENF 0 8;11 16\tDolor de pecho\n"
    assert read_document(tmp_path / "out" / "a.ann", "a").mentions == document.mentions


def test_a_mention_with_words_between_stays_in_two_pieces(tmp_path):
    document = Document("a", "dolor leve\nde pecho", ())
    apart = Mention.over("ENF", (0, 5), (11, 19))
    write_document(tmp_path, document, [apart])
    assert read_document(tmp_path / "a.ann", "a").mentions == (apart,)


def test_a_space_that_does_not_break_is_part_of_a_token(tmp_path):
    """explosion/spaCy issue 7869: columns that blanks are between."""
    made = read(
        tmp_path, ".conll", lambda name: f"{name} O\n20\N{NO-BREAK SPACE}mg B-DOSIS\nde O\nasma B-ENF\n\nno O\n"
    )
    assert words(made[0]) == [("DOSIS", "20\N{NO-BREAK SPACE}mg"), ("ENF", "asma")]


def test_tokens_may_have_spaces_and_be_white_space(tmp_path):
    """explosion/spaCy issues 4385 and 8737, argilla-io/argilla issue 1264: the file's tokens come back one by one."""
    made = read(
        tmp_path,
        ".conll",
        lambda name: f"{name}\tO\n20 mg\tB-DOSIS\t\n \tO\n\N{LINE SEPARATOR}\tO\nasma\tB-ENF \n\t\nno\tO\n",
    )
    assert words(made[0]) == [("DOSIS", "20 mg"), ("ENF", "asma")]
    assert made[1].text == "no"
    first, second = read_new_texts([str(tmp_path / "test.conll")], io.BytesIO())
    assert [first.document.text[start:end] for start, end in first.tokens] == [
        "test", "20 mg", " ", "\N{LINE SEPARATOR}", "asma",
    ]  # fmt: skip
    assert second.document.text == "no"


def test_csv_of_long_texts_and_of_excel(tmp_path):
    """huggingface/datasets issue 4467 (the text "null"), pytorch/text issue 549 (131,072 characters)."""
    long = "palabra " * 20_000
    rows = read(tmp_path / "a", ".csv", lambda name: f"text,label\n{name} {long},si\nnull,None\n{name} uno,None\n")
    assert [(len(row.text), row.label) for row in rows] == [(160_005, "si"), (4, "None"), (8, "None")]
    rows = read(tmp_path / "b", ".csv", lambda name: f'text;label\n"{name}; uno, dos";si\notro {name};no\n')
    assert [(row.text, row.label) for row in rows] == [("test; uno, dos", "si"), ("otro test", "no")]


@pytest.mark.parametrize("names", [
    ("train", "val", "test"), ("train", "eval", "test"), ("entrenamiento", "desarrollo", "prueba"),
    ("train", "validación", "pruebas"), ("Train", "VAL", "Test"),
])  # fmt: skip
def test_other_names_of_splits(tmp_path, names):
    def make(name):
        return "".join(f'{{"text": "{name} {n} uno", "label": "{"AB"[n % 2]}"}}\n' for n in range(4))

    for name in names:
        (tmp_path / f"{name}.jsonl").write_text(make(name), encoding="utf-8")
    (tmp_path / "otros.jsonl").write_text(make("otros"), encoding="utf-8")
    (tmp_path / "notes.txt").write_text("nada")
    form, splits = read_splits(find_task("mine"), tmp_path)
    assert {split: {row.text.split()[0] for row in splits[split]} for split in SPLITS} == dict(
        zip(SPLITS, [{name} for name in names], strict=True)
    )
    assert left_out(find_task("mine"), form, tmp_path) == ["otros.jsonl"]


def squad(*answers, **more):
    def make(name):
        context = f"Tiene fiebre alta y fiebre baja: {name}."
        given = [{"text": text, "answer_start": start} for text, start in answers]
        asked = [{"id": 7, "question": "¿Qué?", "answers": given, **more}]
        return json.dumps({"data": [{"paragraphs": [{"context": context, "qas": asked}]}]})

    return make


@pytest.mark.parametrize(("make", "begins"), [
    (squad(("", -1), is_impossible=True), []),
    (squad(("", 0)), []),
    (squad(("fiebre", 6), is_impossible=True), []),
    (squad(("fiebre", 20)), [20]),
])  # fmt: skip
def test_an_empty_answer_is_none(tmp_path, make, begins):
    """google-research/bert issue 453; ids are numbers in some files."""
    (question,) = read(tmp_path, ".json", make)
    assert question.name == "7"
    assert [place[0] for place, _ in question.answers] == begins


def test_an_answer_that_stands_elsewhere_is_refused(tmp_path):
    """huggingface/datasets issue 2585: the blanks before the text were taken off."""
    with pytest.raises(InputError, match=r"question 7\): its answer 'fiebre' is not at 4"):
        read(tmp_path, ".json", squad(("fiebre", 4)))


def test_marks_of_prodigy_and_doccano(tmp_path):
    """Rejected rows are no gold; blanks at the edges of a mark are no part of it (explosion/spaCy's E024)."""

    def make(name):
        rows = [
            {
                "text": f"{name} toma ibuprofeno {n}",
                "spans": [{"start": at, "end": at + 12, "label": "F"}],
                "answer": said,
            }
            for n, said in enumerate(("reject", "accept", "ignore"))
            for at in (len(name) + 5,)
        ]
        return "".join(json.dumps(row) + "\n" for row in rows)

    (document,) = read(tmp_path, ".jsonl", make)
    assert (document.text, words(document)) == ("test toma ibuprofeno 1", [("F", "ibuprofeno")])
