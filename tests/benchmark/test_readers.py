"""The layouts of public data sets, made after their documentation: shared tasks' tables, the hub's folders, BioC …"""

import json

import pyarrow as pa
import pytest
from pyarrow import ipc, parquet

from data.errors import InputError
from training.benchmark import conll
from training.benchmark.datasets import read_splits
from training.benchmark.rows import MultiRow, Pair, Row, ScoreRow
from training.benchmark.squad import Question
from training.benchmark.tasks import find_task

TEXT = "Tiene asma {name} y 😀 tos.\n"
SPLITS = ("train", "dev", "test")


def write(folder, files):
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def read(folder, task="mine"):
    return read_splits(find_task(task), folder)


def said(document):
    return [(one.label, one.covered(document.text)) for one in document.mentions]


def mentions_table(parts, head, row, texts, table):
    """A table of mentions and a folder of texts a part; the last text of each has no mention."""
    files = {}
    for part in parts:
        names = [f"es-{part}-{n}" for n in range(3)]
        files |= {f"{texts.format(part)}/{name}.txt": TEXT.format(name=name) for name in names}
        rows = [row.format(name=name, at=TEXT.format(name=name).index("tos")) for name in names[:2]]
        files[table.format(part)] = "\n".join([head, *rows]) + "\n"
    return files


OLD = "filename\tmark\tlabel\toff0\toff1\tspan"
NEW = "filename\tann_id\tlabel\tstart_span\tend_span\ttext"


@pytest.mark.parametrize(("task", "label", "files"), [
    ("DisTEMIST", "ENFERMEDAD", lambda row: mentions_table(
        ("training", "test_annotated"), OLD, row, "distemist_zenodo/{}/text_files",
        "distemist_zenodo/{}/subtrack1_entities/distemist_subtrack1_x_mentions.tsv")),
    ("SympTEMIST", "SINTOMA", lambda row: mentions_table(
        ("train", "test"), NEW, row, "symptemist_{}/subtask1-ner/txt",
        "symptemist_{0}/subtask1-ner/tsv/symptemist_tsv_{0}_subtask1.tsv")),
    ("MedProcNER", "PROCEDIMIENTO", lambda row: mentions_table(
        ("train", "test"), NEW, row, "medprocner_{}/txt", "medprocner_{0}/tsv/medprocner_tsv_{0}_subtask1.tsv")),
    ("LivingNER", "SPECIES", lambda row: mentions_table(
        ("training", "valid", "test"), OLD, row, "livingner-bundle_training_valid_test/{}/text-files",
        "livingner-bundle_training_valid_test/{0}/subtask1-NER/{0}_entities_subtask1.tsv")),
    ("MultiClinNER-es", "SYMPTOM", lambda row: mentions_table(
        ("train", "test"), NEW, row, "MultiClinNER/{}/es/txt", "MultiClinNER/{}/es/mentions.tsv")),
])  # fmt: skip
def test_mentions_in_a_table_beside_the_texts(tmp_path, task, label, files):
    made = files(f"{{name}}\tT1\t{label}\t6\t10\tasma\n{{name}}\tT2\tOTRA\t{{at}}\t999\ttos").items()
    made = {name: text.replace("\t999\t", "\t26\t") for name, text in made}
    for name, text in made.items():  # the end of the second mention follows its begin
        lines = [line.split("\t") for line in text.split("\n")]
        if name.endswith(".tsv"):
            lines = [[*row[:4], str(int(row[3]) + 3), row[5]] if row[1:2] == ["T2"] else row for row in lines]
            made[name] = "\n".join("\t".join(row) for row in lines)
    folder = write(tmp_path, made)
    write(folder, {"background/other.txt": "Otro texto.", "train_x/subtask2-linking/codes_subtask2.tsv": "a\tb\n"})
    form, splits = read(folder, task)
    assert form == "spans"
    everything = [document for split in SPLITS for document in splits[split]]
    assert len(everything) == 3 * sum(name.endswith(".tsv") for name in made)
    assert {tuple(said(document)) for document in everything} == {((label, "asma"),), ()}
    assert all(document.text.endswith("tos.\n") for document in everything)


def test_a_table_of_mentions_says_what_is_wrong(tmp_path):
    row = "{name}\tT1\tENFERMEDAD\t6\t10\tasma"
    files = mentions_table(("training", "test"), OLD, row, "{}/text_files", "{0}/{0}_subtrack1.tsv")
    folder = write(tmp_path, files)
    table = folder / "training" / "training_subtrack1.tsv"
    whole = table.read_text()
    for change, words in (
        (whole.replace("es-training-0", "falta"), r"subtrack1\.tsv:2: no text falta\.txt in its split's folders"),
        (whole.replace("\t6\t10", "\t6\tdiez"), r"subtrack1\.tsv:2: '6' and 'diez' are no offsets"),
        (whole.replace("\t6\t10", "\t10\t6"), r"subtrack1\.tsv:2: an empty or reversed span"),
        (whole.replace("\t6\t10\tasma", "\t0\t4\tasma"), r"the text there is 'Tien', the line says 'asma'"),
        (whole.replace("\t6\t10\tasma", ""), r"subtrack1\.tsv:2: 3 columns; its head has more"),
    ):
        table.write_text(change)
        with pytest.raises(InputError, match=words):
            read(folder, "DisTEMIST")
    table.write_text(whole)
    with pytest.raises(InputError, match=r"mentions in a table.* Name the task \(DisTEMIST.* benchmark\.form=spans"):
        read(folder, "mine")


def test_brat_beside_bare_texts_where_a_task_has_no_table(tmp_path):
    files = {}
    for part in ("train", "test"):
        text = TEXT.format(name=part)
        files |= {f"symptemist_{part}/brat/{part}.txt": text, f"symptemist_{part}/txt/{part}.txt": text}
        files[f"symptemist_{part}/brat/{part}.ann"] = "T1\tSINTOMA 6 10\tasma\n"
    for name in ("otro", "uno"):
        files |= {f"symptemist_train/brat/{name}.txt": f"Con tos {name}."}
        files[f"symptemist_train/brat/{name}.ann"] = "T1\tSINTOMA 4 7\ttos\n"
    form, splits = read(write(tmp_path, files), "SympTEMIST")
    assert form == "brat"
    assert sum(len(found) for found in splits.values()) == 4


def test_codes_of_documents(tmp_path):
    files = {}
    for split in SPLITS:
        names = [f"S0-{split}{n}" for n in range(3)]
        files |= {f"codiesp/{split}/text_files/{name}.txt": TEXT.format(name=name) for name in names}
        rows = [f"{names[0]}\tJ45\n{names[0]}\tr05\n{names[0]}\tJ45\n{names[1]}\tR05\n"]
        files[f"codiesp/{split}/{split}D.tsv"] = "".join(rows)
        files[f"codiesp/{split}/{split}P.tsv"] = f"{names[2]}\tBW24\n"
        files[f"codiesp/{split}/{split}X.tsv"] = f"{names[0]}\tDIAGNOSTICO\tj45\tasma\t6 10\n"
    folder = write(tmp_path, files)
    form, splits = read(folder, "codiesp-d")
    assert form == "codes"
    assert all(isinstance(row, MultiRow) for row in splits["train"])
    assert [row.label for row in splits["train"]] == [("j45", "r05"), ("r05",), ()]
    assert [row.label for row in read(folder, "CodiEsp-P")[1]["test"]] == [(), (), ("bw24",)]
    (folder / "codiesp" / "test" / "testD.tsv").write_text("S0-falta\tj45\n")
    with pytest.raises(InputError, match=r"testD\.tsv:1: no text S0-falta\.txt"):
        read(folder, "CodiEsp-D")


def hub_table(path, columns, features=None):
    """A Parquet file as `datasets` writes it, with its features in the schema's metadata."""
    table = pa.table(columns)
    if features:
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".arrow":
        with ipc.new_stream(str(path), table.schema) as writer:
            writer.write_table(table)
    else:
        parquet.write_table(table, path)


CLASSES = ["O", "B-ENF", "I-ENF"]
NER = {"tokens": {"feature": {"dtype": "string", "_type": "Value"}, "_type": "List"},
       "ner_tags": {"feature": {"names": CLASSES, "_type": "ClassLabel"}, "_type": "List"}}  # fmt: skip


@pytest.mark.parametrize("name", ["data/{}-00000-of-00001.parquet", "{}/data-00000-of-00001.arrow"])
def test_tokens_of_the_hub_have_their_tags_by_number(tmp_path, name):
    for split in ("train", "validation", "test"):
        tokens = [["Tiene", "asma", "grave", f"{split}{n}"] for n in range(3)]
        hub_table(tmp_path / name.format(split), {"tokens": tokens, "ner_tags": [[0, 1, 2, 0]] * 3}, NER)
    form, splits = read(tmp_path)
    assert form == "records"
    assert {split: len(found) for split, found in splits.items()} == dict.fromkeys(SPLITS, 3)
    assert said(splits["dev"][0]) == [("ENF", "asma grave")]


@pytest.mark.parametrize("declared", [
    {"README.md": "---\ndataset_info:\n  features:\n  - name: ner_tags\n    sequence:\n      class_label:\n"
                  "        names:\n          '0': O\n          '1': B-ENF\n          '2': I-ENF\n---\n# Notas\n"},
    {"dataset_infos.json": json.dumps({"default": {"features": NER}})},
    {},
])  # fmt: skip
def test_numbers_are_named_by_the_datasets_card_or_refused(tmp_path, declared):
    for split in SPLITS:
        rows = [{"tokens": ["Tiene", "asma", f"{split}{n}"], "ner_tags": [0, 1, 0]} for n in range(3)]
        write(tmp_path, {f"data/{split}.jsonl": "".join(json.dumps(row) + "\n" for row in rows)})
    write(tmp_path, declared)
    if declared:
        assert said(read(tmp_path)[1]["train"][0]) == [("ENF", "asma")]
        return
    with pytest.raises(InputError, match=r"dev\.jsonl:1: ner_tags are numbers, and nothing names them"):
        read(tmp_path)


def json_lines(make, ending="jsonl"):
    return {
        f"{split}.{ending}": "".join(json.dumps(make(split, n), ensure_ascii=False) + "\n" for n in range(4))
        for split in SPLITS
    }


@pytest.mark.parametrize("spans", [
    {"label": [[6, 10, "ENF"]]},
    {"entities": [{"id": 1, "label": "ENF", "start_offset": 6, "end_offset": 10}], "relations": []},
    {"spans": [{"start": 6, "end": 10, "label": "ENF", "token_start": 1}]},
    {"mentions": [{"start": 6, "end": 10, "type": "ENF", "text": "asma"}]},
])  # fmt: skip
def test_places_in_json_lines_are_mentions(tmp_path, spans):
    folder = write(tmp_path, json_lines(lambda s, n: {"id": n, "text": TEXT.format(name=f"{s}{n}"), **spans}))
    document = read(folder)[1]["test"][0]
    assert said(document) == [("ENF", "asma")]
    write(folder, json_lines(lambda s, n: {"text": f"Corto {s} {n}.", "label": [[0, 90, "ENF"]]}))
    with pytest.raises(InputError, match=r"dev\.jsonl:1: \[0, 90, 'ENF'\] in label is no place in its text of 12"):
        read(folder)


def test_columns_tell_labels_sets_of_them_scores_and_pairs(tmp_path):
    def kind(name, make):
        item = read(write(tmp_path / name, json_lines(make)))[1]["train"][0]
        return type(item), item.label, item.texts

    text = "Un texto {} {}"
    assert kind("a", lambda s, n: {"text": text.format(s, n), "label": "ab"[n % 2]}) == (
        Row,
        "a",
        ("Un texto train 0",),
    )
    assert kind("b", lambda s, n: {"text": text.format(s, n), "labels": ["b", "a", "b"]})[:2] == (MultiRow, ("a", "b"))
    made = kind("c", lambda s, n: {"sentence1": f"A {s} {n}", "sentence2": f"B {n}", "score": n if n % 2 else n + 0.5})
    assert made == (ScoreRow, 0.5, ("A train 0", "B 0"))
    made = kind("d", lambda s, n: {"premise": f"A {s} {n}", "hypothesis": f"B {n}", "label": ("no", "sí")[n % 2]})
    assert made == (Pair, "no", ("A train 0", "B 0"))
    with pytest.raises(InputError, match=r"no column of a label among text, otra\. .*benchmark\.label_column"):
        kind("e", lambda s, n: {"text": text.format(s, n), "otra": 1})
    with pytest.raises(InputError, match=r"test\.jsonl:1: no label in label\. A split whose labels are kept back"):
        kind("f", lambda s, n: {"text": text.format(s, n), "label": None if s == "test" else "ab"[n % 2]})


def test_what_other_readers_stumbled_over(tmp_path):
    """What was reported to break readers of such files: missing labels as NaN, JSON lines called .json, a line break
    within a cell, a separator of lines within a string, other names of the language."""
    rows = json_lines(lambda s, n: {"text": f"Un\u2028texto {s} {n}", "label": "ab"[n % 2], "language": "spa"}, "json")
    rows["dataset_infos.json"] = '{"default": {"features": {}}}'
    read_rows = read(write(tmp_path / "a", rows))[1]["train"]
    assert [row.text for row in read_rows] == [f"Un\u2028texto train {n}" for n in range(4)]
    cells = {f"{s}.csv": "".join(f'"Línea {s}\nuna ""{n}""",{n % 2 + 0.5}\n' for n in range(4)) for s in SPLITS}
    csv = {name: f"text,label\n{text}" for name, text in cells.items()}
    assert read(write(tmp_path / "b", csv))[1]["test"][1].texts == ('Línea test\nuna "1"',)
    with pytest.raises(InputError, match=r"train\.jsonl:2: no label in score"):
        read(write(tmp_path / "c", json_lines(lambda s, n: {
            "sentence1": f"A {s} {n}", "sentence2": "B", "score": float("nan") if (s, n) == ("train", 1) else n + 0.5
        })))  # fmt: skip
    cells = {f"{s}.csv": f"text,label\nUn texto {s},a\nOtro texto {s},b\n" for s in SPLITS}
    cells["test.csv"] = cells["test.csv"].replace(",b", ",")
    with pytest.raises(InputError, match=r"test\.csv:3: no label in label"):
        read(write(tmp_path / "d", cells))
    tags = {f"{s}.conll": "".join(f"El O\nasma B-ENF-CRÓNICA\n{s}{n} O\n\n" for n in range(3)) for s in SPLITS}
    assert said(read(write(tmp_path / "e", tags))[1]["dev"][0]) == [("ENF-CRÓNICA", "asma")]


def test_cares_takes_its_chapters(tmp_path):
    for split in ("train", "test"):
        columns = {
            "iddoc": [float(n) for n in range(30)],
            "full_text": [f"Radiografía {split} {n}" for n in range(30)],
            "icd10": [["J45.0", "R05"]] * 30,
            "chapters": [[10, 18, 10]] * 30,
        }
        hub_table(tmp_path / "data" / f"{split}-00000-of-00001.parquet", columns)
    splits = read(tmp_path, "CARES")[1]
    assert splits["test"][0].label == ("10", "18")
    assert len(splits["dev"]) > 0


def test_xnli_in_its_own_files_and_the_hubs(tmp_path):
    head = "language\tgold_label\tsentence1_binary_parse\tsentence1\tsentence2\tpairID\n"

    def rows(split):
        return head + "".join(
            f'{language}\tcontradiction\t\tUna "frase {split}{n} {language}\tOtra {n}\t{n}\n'
            for n in range(4)
            for language in ("en", "es")
        )

    train = "premise\thypo\tlabel\n" + "".join(
        f"Frase {n}\tOtra {n}\t{('contradictory', 'neutral')[n % 2]}\n" for n in range(20)
    )
    own = {"XNLI-1.0/xnli.dev.tsv": rows("dev"), "XNLI-1.0/xnli.test.tsv": rows("test"),
           "XNLI-MT-1.0/multinli/multinli.train.es.tsv": train,
           "XNLI-MT-1.0/multinli/multinli.train.fr.tsv": train.replace("Frase", "Phrase")}  # fmt: skip
    splits = read(write(tmp_path / "own", own), "XNLI-es")[1]
    assert {split: len(found) for split, found in splits.items()} == {"train": 20, "dev": 4, "test": 4}
    assert {row.label for row in splits["train"]} == {"contradiction", "neutral"}
    assert splits["test"][0].texts == ('Una "frase test0 es', "Otra 0")
    names = {"label": {"names": ["entailment", "neutral", "contradiction"], "_type": "ClassLabel"}}
    for folder in ("es", "en"):
        for split in ("train", "validation", "test"):
            columns = {"premise": [f"{folder} {split} {n}" for n in range(4)], "hypothesis": ["Otra"] * 4,
                       "label": [0, 1, 2, 1]}  # fmt: skip
            hub_table(tmp_path / "hub" / folder / f"{split}-00000-of-00001.parquet", columns, names)
    splits = read(tmp_path / "hub", "XNLI-es")[1]
    assert [row.label for row in splits["test"]] == ["entailment", "neutral", "contradiction", "neutral"]
    assert splits["test"][0].text == "es test 0"


def test_sts_as_csv_and_parquet(tmp_path):
    files = {
        f"sts-es-{split}.csv": "sentence1,sentence2,label\n"
        + "".join(f'"Una frase, {split}{n}","Otra {n}",{n}{".5" if n % 2 else ""}\n' for n in range(6))
        for split in ("train", "validation", "test")
    }
    splits = read(write(tmp_path, files), "STS-es")[1]
    assert [row.label for row in splits["train"]] == [0.0, 1.5, 2.0, 3.5, 4.0, 5.5]
    assert splits["dev"][1].texts == ("Una frase, validation1", "Otra 1")


def squad(*names):
    paragraphs = [
        {"context": f"La paciente {name} tiene asma desde niña.", "qas": [{"id": name, "question": "¿Qué?", "answers": [
            {"text": "asma", "answer_start": len(f"La paciente {name} tiene ")}]}]}
        for name in names
    ]  # fmt: skip
    return json.dumps({"data": [{"paragraphs": paragraphs}]})


def test_squad_in_spanish_is_scored_on_dev_and_xquad_on_its_one_file(tmp_path):
    files = {"train-v1.1-es.json": squad(*(f"t{n}" for n in range(30))), "dev-v1.1-es.json": squad("d1", "d2")}
    splits = read(write(tmp_path, files), "SQuAD-es")[1]
    assert [one.name for one in splits["test"]] == ["d1", "d2"]
    assert 0 < len(splits["dev"]) < len(splits["train"])
    write(tmp_path, {"xquad.es.json": squad("x1", "x2", "x3")})
    splits = read(tmp_path, "XQuAD-es")[1]
    assert {split: len(found) for split, found in splits.items()} == {"train": 30, "dev": 2, "test": 3}


def test_questions_of_the_hub(tmp_path):
    for split in ("train", "validation", "test"):
        contexts = [f"La paciente {split}{n} tiene asma." for n in range(4)]
        answers = [{"text": ["asma"], "answer_start": [text.index("asma")]} for text in contexts]
        answers[3] = {"text": [], "answer_start": []}
        columns = {"id": [f"{split}{n}" for n in range(4)], "question": ["¿Qué tiene?"] * 4, "context": contexts,
                   "answers": answers}  # fmt: skip
        hub_table(tmp_path / f"{split}-00000-of-00001.parquet", columns)
    found = read(tmp_path)[1]["test"]
    assert all(isinstance(one, Question) for one in found)
    assert [len(one.answers) for one in found] == [1, 1, 1, 0]


def bioc_xml(names):
    documents = "".join(
        f"<document><id>{name}</id><passage><offset>0</offset><text>Caso {name}.</text></passage>"
        f"<passage><offset>20</offset><sentence><offset>20</offset><text>Tiene asma.</text>"
        '<annotation id="1"><infon key="type">ENF</infon><location offset="26" length="4"/>'
        "<text>asma</text></annotation>"
        "</sentence></passage></document>"
        for name in names
    )
    return f'<?xml version="1.0"?><collection><source>x</source>{documents}</collection>'


def bioc_json(names):
    annotation = {"id": "1", "infons": {"type": "ENF"}, "text": "asma", "locations": [{"offset": 26, "length": 4}]}
    return json.dumps({"source": "x", "documents": [
        {"id": name, "passages": [{"offset": 0, "text": f"Caso {name}.", "annotations": []},
                                  {"offset": 20, "text": "Tiene asma.", "annotations": [annotation]}]}
        for name in names
    ]})  # fmt: skip


@pytest.mark.parametrize(("ending", "make"), [("xml", bioc_xml), ("json", bioc_json)])
def test_bioc(tmp_path, ending, make):
    files = {f"{split}.{ending}": make([f"{split}{n}" for n in range(3)]) for split in SPLITS}
    form, splits = read(write(tmp_path, files))
    assert form == "bioc"
    assert splits["train"][0].text == "Caso train0.        Tiene asma."
    assert said(splits["train"][0]) == [("ENF", "asma")]
    broken = make(["train0", "train1"]).replace("26", "21")
    with pytest.raises(InputError, match=r"the text there is 'iene', the line says 'asma'"):
        read(write(tmp_path, {f"train.{ending}": broken}))


def test_the_own_names_of_conll_2002(tmp_path):
    files = {
        f"esp.{ending}": "".join(f"El DA O\nasma NC B-ENF\n{ending}{n} Fp O\n\n" for n in range(3))
        for ending in ("train", "testa", "testb")
    }
    form, splits = read(write(tmp_path, files))
    assert form == "conll"
    assert [splits[split][0].text for split in SPLITS] == ["El asma train0", "El asma testa0", "El asma testb0"]
    assert len({one.name for found in splits.values() for one in found}) == 9
    write(tmp_path, {"esp.train": files["esp.train"].replace("asma", "años").encode("latin-1")})
    with pytest.raises(InputError, match=r"esp\.train:2: not UTF-8"):
        read(tmp_path)


def test_conll_u_has_its_tags_in_the_last_column(tmp_path):
    lines = ("# sent_id = {0}-{1}", "# text = No\thay dolor del bazo", "1\tNo\tno\tADV\t_\t_\t2\tadvmod\t_\tNER=O",
             "2-3\tdel\t_\t_\t_\t_\t_\t_\t_\t_", "2\tde\tde\tADP\t_\t_\t3\tcase\t_\tSpaceAfter=No|NER=B-ENF",
             "3\tel\tel\tDET\t_\t_\t1\tdet\t_\tNER=I-ENF", "3.1\t_\t_\t_\t_\t_\t_\t_\t_\t_",
             "4\t{0}{1}\tx\tNOUN\t_\t_\t1\tobj\t_\t_", "")  # fmt: skip
    files = {
        f"es-ud-{split}.conllu": "".join("\n".join(lines).format(split, n) + "\n" for n in range(3)) for split in SPLITS
    }
    splits = read(write(tmp_path, files))[1]
    assert splits["train"][0].text == "No de el train0"
    assert said(splits["train"][0]) == [("ENF", "de el")]


def test_a_tag_that_is_not_in_the_last_column(tmp_path):
    """Universal NER: number, word, tag, two columns of the annotator."""
    row = "1\tCon\tO\t-\tana\n2\tasma\tB-ENF\t-\tana\n3\t{}{}\tO\t-\tana\n\n"
    files = {
        f"es-{split}.iob2": "# sent_id = 1\n" + "".join(row.format(split, n) for n in range(3)) for split in SPLITS
    }
    splits = read(write(tmp_path, files))[1]
    assert (splits["test"][1].text, said(splits["test"][1])) == ("Con asma test1", [("ENF", "asma")])


@pytest.mark.parametrize("text", ["Grupo sanguíneo O positivo.", "Es del grupo O .\n\nGrupo sanguíneo O positivo"])
def test_prose_with_the_word_o_is_no_table(tmp_path, text):
    write(tmp_path, {"nota.txt": text})
    assert not conll.is_conll(tmp_path / "nota.txt")


def test_files_of_several_kinds_are_not_mixed(tmp_path):
    files = json_lines(lambda s, n: {"text": f"Un texto {s} {n}", "label": "ab"[n % 2]})
    files["test.jsonl"] = files["test.jsonl"].replace('"a"', '["a"]')
    with pytest.raises(InputError, match=r"train\.jsonl:1 and .*test\.jsonl:1 are not of one kind"):
        read(write(tmp_path, files))


@pytest.mark.parametrize(("file", "content", "words"), [
    ("train.parquet", b"version https://git-lfs.github.com/spec/v1\n", "cannot be read .*Git LFS pointer"),
    ("train.jsonl", b'{"text": "a"\n', r"train\.jsonl:1: not JSON"),
    ("train.jsonl", b'["a"]\n', r"train\.jsonl:1: no object"),
    ("train.csv", b"text,label\na,b,c\n", r"train\.csv:2: 3 cells under 2 columns"),
])  # fmt: skip
def test_damaged_files_are_named(tmp_path, file, content, words):
    with pytest.raises(InputError, match=words):
        read(write(tmp_path, {file: content}))
