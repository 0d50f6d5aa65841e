"""The forms that public data sets have: each is read as it is meant, or refused by what is wrong with it."""

import json

import pytest

from data.errors import InputError
from training.benchmark.answering import normalized
from training.benchmark.datasets import read_splits
from training.benchmark.layout import named_split
from training.benchmark.rows import MultiRow, Pair, ScoreRow
from training.benchmark.tasks import find_task

SENTENCE = "Paciente O\ncon O\nasma B-ENF\nleve O\n{name} O\n\n"


def read(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    return read_splits(find_task("mine"), folder)[1]


def table(row, count=8):
    return {
        f"{split}.tsv": "".join(row(split, number) for number in range(count)) for split in ("train", "dev", "test")
    }


def pair(name, text="Tiene asma {name}.", line="T1\tENF 6 10\tasma\n"):
    return {f"{name}.txt": text.format(name=name), f"{name}.ann": line}


def squad(*names, context="La paciente {name} tiene asma desde niña."):
    paragraphs = []
    for name in names:
        text = context.format(name=name)
        answer = {"text": "asma", "answer_start": text.index("asma")}
        paragraphs.append({"context": text, "qas": [{"id": name, "question": "¿Qué tiene?", "answers": [answer]}]})
    return json.dumps({"data": [{"paragraphs": paragraphs}]})


@pytest.mark.parametrize(("name", "split"), [
    ("train", "train"), ("Train-set", "train"), ("training", "train"), ("traindata", "train"), ("es_train", "train"),
    ("dev", "dev"), ("dev-set1", "dev"), ("dev2", "dev"), ("development", "dev"), ("valid", "dev"),
    ("validation", "dev"),
    ("test", "test"), ("test_annotated", "test"), ("testing", "test"), ("testset", "test"), ("S01.test", "test"),
    ("NCT-testosterona0", None), ("testigo", None), ("trainer-3", None), ("contest", None), ("device", None),
    ("training_valid_test_multilingual", None), ("train_dev", None), ("atest-1", None), ("nota", None),
])  # fmt: skip
def test_a_split_is_a_word_of_its_own(name, split):
    assert named_split(name) == split


def test_where_folders_tell_the_split_names_of_files_do_not(tmp_path):
    files = {}
    for split in ("train", "dev", "test"):
        files |= pair(f"{split}/uno-{split}") | pair(f"{split}/dos-{split}")
    files |= pair("resultado-test-1")
    splits = read(tmp_path, files)
    assert {split: len(documents) for split, documents in splits.items()} == {"train": 2, "dev": 2, "test": 2}


def test_a_top_folder_that_names_all_splits_says_nothing(tmp_path):
    files = {}
    for split in ("train", "dev", "test"):
        files |= pair(f"train_dev_test/{split}/nota-{split}")
    assert [document.name for document in read(tmp_path, files)["dev"]] == ["train_dev_test/dev/nota-dev"]


@pytest.mark.parametrize("line", [
    "línea suelta", "t1\tENF 6 10\tasma", "1\tENF 6 10\tasma", "ENF 6 10 asma", "6\t10\tENF", "T1 ENF 6 10 asma",
    "{", "<ENF>", "asma|ENF", "X1\tENF 6 10\tasma",
])  # fmt: skip
def test_lines_that_are_no_annotations_are_refused_in_every_split(tmp_path, line):
    files = {}
    for split in ("train", "dev", "test"):
        files |= pair(f"{split}/nota-{split}", line=f"T1\tENF 6 10\tasma\n{line if split == 'test' else ''}\n")
    with pytest.raises(InputError, match=r"test/nota-test\.ann:2: not a line of brat's"):
        read(tmp_path, files)


@pytest.mark.parametrize("line", [
    "R1\tCausa Arg1:T1 Arg2:T1", "E1\tENF:T1", "A1\tNegado T1", "M1\tNegado T1", "N1\tReference T1 SNOMED:1\tx",
    "#1\tAnnotatorNotes T1\t195967001", "*\tEquiv T1 T1", "",
])  # fmt: skip
def test_other_kinds_of_brats_lines_are_passed_over(tmp_path, line):
    files = {}
    for split in ("train", "dev", "test"):
        files |= pair(f"{split}/nota-{split}", line=f"T1\tENF 6 10\tasma\n{line}\n")
    assert len(read(tmp_path, files)["test"][0].mentions) == 1


def test_a_first_column_that_numbers_the_words_is_no_word(tmp_path):
    words = ("Paciente", "con", "asma")
    rows = "".join(f"{n}\t{word}\tNOUN\t{'B-ENF' if word == 'asma' else 'O'}\n" for n, word in enumerate(words, 1))
    numbered = {f"{split}.conll": f"# text = Paciente con asma\n{rows}\n1\t{split}\tX\tO\n\n" for split in
                ("train", "dev", "test")}  # fmt: skip
    first = read(tmp_path, numbered)["train"][0]
    assert (first.text, first.mentions[0].covered(first.text)) == ("Paciente con asma", "asma")


def test_numbers_that_are_words_stay_words(tmp_path):
    sentences = "1 O\ncaso O\nde O\nasma B-ENF\n\n2 O\ncasos O\n{name} O\n\n"
    splits = read(tmp_path, {f"{name}.conll": sentences.format(name=name) for name in ("train", "dev", "test")})
    assert splits["train"][0].text == "1 caso de asma"


def test_sentences_of_two_files_of_one_name_have_names_of_their_own(tmp_path):
    files = {f"{split}/{folder}/x.conll": SENTENCE.format(name=f"{split}{folder}") for split in ("train", "test")
             for folder in "ab"} | {"dev/x.conll": SENTENCE.format(name="dev")}  # fmt: skip
    names = [document.name for document in read(tmp_path, files)["test"]]
    assert names == ["test/a/x-000001", "test/b/x-000001"]


def test_questions_of_two_files_with_one_id_have_names_of_their_own(tmp_path):
    files = {"train.json": squad("t1", "t2"), "dev.json": squad("d1")}
    files |= {f"test/{name}.json": squad("q1", f"{name}2", context=f"La {name} {{name}} tiene asma.") for name in "ab"}
    shared = {f"{name}/{file}" if "/" not in file else file: content for file, content in files.items()
              for name in ([file.removesuffix(".json")] if "/" not in file else [""])}  # fmt: skip
    names = [question.name for question in read(tmp_path, shared)["test"]]
    assert names == ["test/a/q1", "a2", "test/b/q1", "b2"]


def test_an_id_that_a_file_has_twice_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"question t1.*has this id 2 times"):
        read(tmp_path, {"train.json": squad("t1", "t1"), "dev.json": squad("d1"), "test.json": squad("e1")})


def test_a_byte_order_mark_before_json_is_passed_over(tmp_path):
    files = {f"{name}.json": "\ufeff" + squad(name) for name in ("train", "dev", "test")}
    assert read(tmp_path, files)["train"][0].name == "train"


@pytest.mark.parametrize("other", ["dataset_infos.json", "config.json", "meta/stats.json"])
def test_json_beside_tables_is_no_squad(tmp_path, other):
    rows = table(lambda split, n: f"{'ab'[n % 2]}\tTexto {split} número {n}\n")
    assert len(read(tmp_path, rows | {other: '{"splits": {}}'})["train"]) == 8


def test_three_columns_are_a_label_and_a_pair(tmp_path):
    rows = table(lambda split, n: f"{'ab'[n % 2]}\tPremisa {split} {n}\tHipótesis {n}\n")
    first = read(tmp_path, rows)["train"][0]
    assert isinstance(first, Pair)
    assert first.texts == ("Premisa train 0", "Hipótesis 0")


@pytest.mark.parametrize(("row", "words"), [
    (lambda s, n: f"Texto {s} número {n}\t{'ab'[n % 2]}\n", "first column is no label.*Are the columns swapped"),
    (lambda s, n: f"Un texto {s} {n} largo\tOtro texto {s} {n}\n", "first column is no label"),
    (lambda s, n: f"S0004-{s}{n}\tn39.0\nS0004-{s}{n}\tr31.9\n", "first column is no label"),
    (lambda s, n: f"{'ab'[n % 2]}\t{s}39.{n}\n", "second column is no text"),
    (lambda s, n: f"{n * 0.7:.1f}\t{s}{n}\n", "second column is no text"),
    (lambda s, n: f"{'x' if (s, n) == ('test', 3) else n * 0.7}\tFrase {s} {n} de una nota\n", "'x' is no number"),
    (lambda s, n: f"es{s}{n}\tT1\tENFERMEDAD\t6\t10\tasma\n", "6 columns"),
    (lambda s, n: f"a\tTexto {s} {n}\n" + ("b\tTexto\tcon tres\n" if n == 3 else ""), "3 columns"),
])  # fmt: skip
def test_tables_of_other_things_are_refused_by_name(tmp_path, row, words):
    with pytest.raises(InputError, match=words):
        read(tmp_path, table(row))


@pytest.mark.parametrize("score", ["{:.1f}", "{:.0f},5"])
def test_real_numbers_are_scores(tmp_path, score):
    rows = read(tmp_path, table(lambda s, n: f"{score.format(n * 0.7)}\tUna frase {s} {n}\tOtra frase {n}\n"))["train"]
    assert all(isinstance(row, ScoreRow) for row in rows)
    assert rows[1].label == pytest.approx(1.5 if "," in score else 0.7)
    assert rows[1].texts == ("Una frase train 1", "Otra frase 1")


def test_a_bar_is_between_labels(tmp_path):
    labels = ("asma", "asma|tos", "tos | fiebre", "fiebre")
    rows = read(tmp_path, table(lambda s, n: f"{labels[n % 4]}\tTexto {s} número {n}\n"))["train"]
    assert all(isinstance(row, MultiRow) for row in rows)
    assert [row.label for row in rows[:4]] == [("asma",), ("asma", "tos"), ("fiebre", "tos"), ("fiebre",)]


@pytest.mark.parametrize("labels", ["12345", "ab", ("grave", "leve")])
def test_stars_and_words_are_labels(tmp_path, labels):
    rows = table(lambda split, n: f"{labels[n % len(labels)]}\tTexto {split} número {n}\n", 10)
    assert {row.label for row in read(tmp_path, rows)["train"]} == set(labels)


@pytest.mark.parametrize(("told", "compared"), [
    ("beta-bloqueantes", "betabloqueantes"), ("0,5", "05"), ("1.000 mg", "1000 mg"), ("38,5 °C", "385 °c"),
    ("El asma", "asma"), ("«las» unas", ""), ("¿Qué?", "qué"), ("a + b = c", "b c a".replace("b c a", "a b c")),
    ("±2 µg/kg", "±2 µgkg"), ("L-5", "l5"), ("(40 mg)", "40 mg"), ("unos días", "días"), ("dos–tres", "dostres"),
])  # fmt: skip
def test_answers_are_compared_as_mlqas_scorer_does(told, compared):
    assert normalized(told) == compared
