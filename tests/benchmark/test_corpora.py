"""Corpora as they come: discontinuous and overlapping spans, other line ends and counts, files that do not belong."""

import json
import shutil

import pytest
from benchmark_room import tiny_model

from data.errors import InputError
from data.store import Store
from training.benchmark import brat, conll, squad, tables
from training.benchmark.datasets import read_splits
from training.benchmark.documents import Mention
from training.benchmark.leaks import also_trained
from training.benchmark.rows import Row
from training.benchmark.run import benchmark
from training.benchmark.settings import BenchmarkSettings
from training.benchmark.split_assignment import hold_out_dev
from training.benchmark.tasks import TASKS, find_task

TEXT = "Dolor abdominal y torácico.\nToma ácido fólico 🩺 y un antiinflamatorio."
BOM = "\N{BYTE ORDER MARK}"


def at(label, *said, text=TEXT):
    return Mention.over(label, *((text.index(piece), text.index(piece) + len(piece)) for piece in said))


MENTIONS = (
    at("SINTOMA", "Dolor abdominal"),
    at("SINTOMA", "Dolor", "torácico"),
    at("FARMACO", "ácido fólico"),
    at("ELEMENTO", "ácido"),
    at("CRUZADO", "abdominal y torácico"),
    at("EFECTO", "inflamatorio"),
)


def lines_of(mentions, text=TEXT):
    """The .ann of some mentions, written by hand."""
    return "".join(
        f"T{number}\t{one.label} {';'.join(f'{start} {end}' for start, end in one.fragments)}\t{one.covered(text)}\n"
        for number, one in enumerate(mentions, 1)
    )


def pair(folder, text, ann, name="a", encoding="utf-8"):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_bytes(text.encode(encoding))
    (folder / f"{name}.ann").write_bytes(ann.encode(encoding))
    return folder / f"{name}.ann"


def covered(document):
    return [(one.label, one.covered(document.text)) for one in document.mentions]


SAID = [(one.label, one.covered(TEXT)) for one in MENTIONS]


def test_discontinuous_overlapping_and_cutting_spans(tmp_path):
    other = "#1\tAnnotatorNotes T1\tuna nota\nR1\tRel Arg1:T1 Arg2:T2\nA1\tNegado T1\n*\tEquiv T1 T2\n"
    document = brat.read_document(pair(tmp_path, TEXT, lines_of(MENTIONS) + other), "a")
    assert document.mentions == MENTIONS
    assert not document.mentions[1].continuous
    brat.write_document(tmp_path / "again", document, document.mentions)
    assert set(brat.read_document(tmp_path / "again" / "a.ann", "a").mentions) == set(MENTIONS)
    assert "T1\tSINTOMA 0 5;18 26\tDolor torácico" in (tmp_path / "again" / "a.ann").read_text()


def test_line_ends_of_two_characters_count_as_two(tmp_path):
    crlf = TEXT.replace("\n", "\r\n")
    mentions = [at(one.label, *(TEXT[s:e] for s, e in one.fragments), text=crlf) for one in MENTIONS]
    document = brat.read_document(pair(tmp_path, crlf, lines_of(mentions, crlf).replace("\n", "\r\n")), "a")
    assert covered(document) == SAID
    assert document.mentions[2].start == TEXT.index("ácido") + 1
    brat.write_document(tmp_path / "again", document, document.mentions)
    assert (tmp_path / "again" / "a.txt").read_bytes() == crlf.encode()


@pytest.mark.parametrize(("text", "counted"), [
    (f"{BOM}{TEXT}", f"{BOM}{TEXT}"),
    (f"{BOM}{TEXT}", TEXT),
    (TEXT.replace("\n", "\r\n"), TEXT),
    (f"{BOM}{TEXT}".replace("\n", "\r\n"), TEXT),
    (f"{BOM}{TEXT}".replace("\n", "\r\n"), TEXT.replace("\n", "\r\n")),
], ids=["bom counts", "bom does not", "crlf is one", "neither", "crlf is two, bom does not count"])  # fmt: skip
def test_whatever_way_a_tool_counted(tmp_path, text, counted):
    mentions = [at(one.label, *(TEXT[s:e] for s, e in one.fragments), text=counted) for one in MENTIONS]
    document = brat.read_document(pair(tmp_path, text, lines_of(mentions, counted)), "a")
    assert covered(document) == SAID
    assert document.text == text
    assert document.misfits == ()


def test_a_mark_before_the_annotations_is_no_part_of_them(tmp_path):
    assert brat.read_document(pair(tmp_path, TEXT, BOM + lines_of(MENTIONS)), "a").mentions == MENTIONS


@pytest.mark.parametrize(("line", "words"), [
    ("T7\tSINTOMA 0 5", r"a\.ann:7: not a line of brat's"),
    ("T7 SINTOMA 0 5 Dolor", r"a\.ann:7: not a line of brat's"),
    ("T7\tSINTOMA 0\tDolor", r"a\.ann:7: not a line of brat's"),
    ("T7\tSINTOMA 5 5\tDolor", r"a\.ann:7: an empty or reversed span"),
    ("T7\tSINTOMA 0 5000\tDolor", r"a\.ann:7: offset 5,000 is beyond the text's end"),
])  # fmt: skip
def test_a_bad_line_is_named(tmp_path, line, words):
    ann = pair(tmp_path, TEXT, f"{lines_of(MENTIONS)}{line}\n")
    if line.endswith("0 5"):
        assert brat.read_document(ann, "a").mentions[-1] == Mention(((0, 5),), "SINTOMA")  # the text may be left out
        return
    with pytest.raises(InputError, match=words):
        brat.read_document(ann, "a")


def splits(folder, changes=None):
    """A corpus of three documents, and what is done to it."""
    for split in ("train", "dev", "test"):
        pair(folder / split, f"{TEXT} {split}", lines_of(MENTIONS), name=split)
    if changes:
        changes(folder)
    return read_splits(find_task("propio"), folder)[1]


@pytest.mark.parametrize(("change", "words"), [
    (lambda folder: (folder / "train" / "train.txt").unlink(), r"train\.ann: its text train\.txt is not beside it"),
    (lambda folder: (folder / "dev" / "dev.ann").unlink(), r"dev\.txt: no dev\.ann beside it"),
    (lambda folder: (folder / "test" / "test.txt").write_bytes("Años\nDolor".encode("latin-1")),
     r"test\.txt:1: not UTF-8"),
    (lambda folder: (folder / "train" / "train.txt").write_text(f"x{TEXT}"),
     r"train\.ann:1: the text there is 'xDolor abdomina', the line says 'Dolor abdominal'\. 6 of 18 lines do not fit"),
    (lambda folder: pair(folder / "test", f"{TEXT} train", lines_of(MENTIONS), name="train"),
     r"train/train\.txt and .*test/train\.txt are one text: 1 of the 2 in the test split stand in training\. Take"),
    (lambda folder: [file.unlink() for file in (folder / "test").iterdir()], r"no test split in it"),
])  # fmt: skip
def test_files_that_do_not_belong(tmp_path, change, words):
    with pytest.raises(InputError, match=words):
        splits(tmp_path, change)


LONG = "Varón de 63 años que acude por dolor torácico y disnea de dos días."


def test_a_document_in_two_splits_is_refused_whatever_it_is_called(tmp_path):
    def copied(folder):
        pair(folder / "train", LONG, "T1\tX 0 5\tVarón\n", name="d0")
        pair(folder / "test", LONG.replace(" ", "\r\n", 1), "T1\tX 0 5\tVarón\n", name="d9")

    with pytest.raises(InputError, match=r"train/d0\.txt and .*/test/d9\.txt are one text"):
        splits(tmp_path, copied)


def test_a_paragraph_that_is_learnt_is_not_asked_about(tmp_path):
    def asked(*names):
        return [
            {"id": name, "question": "¿Quién?", "answers": [{"text": "Varón", "answer_start": 0}]} for name in names
        ]

    def put(split, *paragraphs):
        data = {"data": [{"paragraphs": [{"context": text, "qas": asked(*names)} for text, names in paragraphs]}]}
        (tmp_path / f"{split}.json").write_text(json.dumps(data))

    put("train", *((f"{LONG} {number}", [f"q{number}-{one}" for one in range(4)]) for number in range(30)))
    put("test", (f"{LONG} 30", ["t"]))
    read = read_splits(find_task("preguntas"), tmp_path)[1]
    assert 4 <= len(read["dev"]) < 60
    assert not {one.context for one in read["dev"]} & {one.context for one in read["train"]}
    put("test", (f"{LONG} 7", ["t"]))
    with pytest.raises(InputError, match=r"train\.json \(question q7-0\) and .*test\.json \(question t\) are one text"):
        read_splits(find_task("preguntas"), tmp_path)


def test_short_texts_may_repeat_but_a_copy_is_no_test_split(tmp_path):
    def put(split, *texts):
        (tmp_path / f"{split}.tsv").write_text("".join(f"sí\t{text}\n" for text in texts))

    put("train", "No.", "Sin fiebre.", "Sí.")
    put("dev", "Con fiebre.", "No toma nada.")
    put("test", "No.", "No fuma.")
    read = read_splits(find_task("mio"), tmp_path)[1]
    assert also_trained(read) == {"dev": 0, "test": 1}
    put("test", "No fuma.", "No.", "Sin fiebre.")
    with pytest.raises(InputError, match=r"train\.tsv:1 and .*test\.tsv:2 are one text: 2 of the 3 in the test split"):
        read_splits(find_task("mio"), tmp_path)
    conll = tmp_path / "conll"
    conll.mkdir()
    for split in ("train", "test"):
        (conll / f"{split}.iob2").write_text(IOB2)
    with pytest.raises(
        InputError, match=r"train\.iob2:3 and .*test\.iob2:3 are one text: 2 of the 2 in the test split"
    ):
        read_splits(find_task("mio"), conll)


def test_a_document_that_is_there_twice_is_dealt_out_as_one(tmp_path):
    for number in range(30):
        for copy in "ab":
            pair(tmp_path, f"{LONG} {number}", "T1\tX 0 5\tVarón\n", name=f"{copy}{number}")
    read = read_splits(find_task("NUBes"), tmp_path)[1]
    assert also_trained(read) == {"dev": 0, "test": 0}
    assert all(len(items) % 2 == 0 and items for items in read.values())


def test_a_tenth_of_a_small_training_file_is_set_aside(tmp_path):
    (tmp_path / "train.conll").write_text(IOB2)
    (tmp_path / "test.conll").write_text(IOB2.replace("fiebre", "tos").replace("Toma", "Tomaba"))
    read = read_splits(find_task("mio"), tmp_path)[1]
    assert {split: len(items) for split, items in read.items()} == {"train": 1, "dev": 1, "test": 2}
    (tmp_path / "train.conll").write_text("Sin O\nfiebre B-SINTOMA\n")
    with pytest.raises(InputError, match=r"no dev split in it, and of the only training text none can be set aside"):
        read_splits(find_task("mio"), tmp_path)


def test_a_text_that_most_items_share_is_not_set_aside():
    items = [Row(f"{number}", "no", LONG) for number in range(50)] + [Row("x", "sí", "Otro.")]
    train, dev = hold_out_dev(items)
    assert ([one.name for one in dev], len(train)) == (["x"], 50)


def test_an_empty_file_and_a_missing_split_are_told_apart(tmp_path):
    rows = {"train": "no\tNada.\n", "dev": "sí\tAlgo.\n", "test": "no\tNo.\n"}
    for empty in ("train", "dev", "test"):
        for split, text in rows.items():
            (tmp_path / f"{split}.tsv").write_text("label\ttext\n" if split == empty else text)
        with pytest.raises(InputError, match=rf"/{empty}\.tsv: nothing in it"):
            read_splits(find_task("mio"), tmp_path)
    (tmp_path / "test.tsv").unlink()
    with pytest.raises(InputError, match=r"no test split in it, only train and dev\. Folders or files are told by"):
        read_splits(find_task("mio"), tmp_path)
    (tmp_path / "dev.tsv").write_text("")  # an empty file says nothing of the form
    (tmp_path / "train.tsv").write_text(IOB2.replace(" ", "\t"))
    with pytest.raises(InputError, match=r"/dev\.tsv: nothing in it"):
        read_splits(find_task("mio"), tmp_path)


def test_too_few_documents_to_deal_out(tmp_path):
    pair(tmp_path, "No fuma", "T1\tNegSynMarker 0 2\tNo\n")
    with pytest.raises(
        InputError, match=r"NUBes comes without splits, and .* puts none of the 1 documents .* https://"
    ):
        read_splits(find_task("NUBes"), tmp_path)


def test_who_takes_another_corpus_for_a_task_is_told_its_types(tmp_path):
    splits(tmp_path)
    with pytest.raises(
        InputError, match=r"PharmaCoNER's types \(NORMALIZABLES, .*\).* the files have CRUZADO, EFECTO, "
    ):
        read_splits(find_task("PharmaCoNER"), tmp_path)
    for ann in tmp_path.rglob("*.ann"):
        ann.write_text("")
    with pytest.raises(InputError, match=rf"{tmp_path}: no mention in its training split\. Are the annotations beside"):
        read_splits(find_task("PharmaCoNER"), tmp_path)


def test_a_list_beside_the_splits_is_no_document(tmp_path):
    read = splits(tmp_path, lambda folder: (folder / "test_documents.txt").write_text("test\n"))
    assert {split: [one.name for one in items] for split, items in read.items()} == {
        split: [f"{split}/{split}"] for split in ("train", "dev", "test")
    }


def test_one_line_in_a_hundred_may_not_fit(tmp_path):
    many = "\n".join(f"T{number}\tX 0 5\tDolor" for number in range(300))
    read = splits(tmp_path, lambda folder: pair(folder / "train", TEXT, f"{many}\nT301\tX 1 5\tDolor\n", name="b"))
    (odd,) = [document for document in read["train"] if document.misfits]
    assert odd.misfits[0].endswith("b.ann:301: the text there is 'olor', the line says 'Dolor'")
    assert Mention(((1, 5),), "X") in odd.mentions
    (tmp_path / "elsewhere").mkdir()
    for split in ("train", "dev", "test"):
        shutil.move(tmp_path / split, tmp_path / "elsewhere" / split)
    assert repr(read_splits(find_task("propio"), tmp_path / "elsewhere")[1]) == repr(read)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*(no predicted samples|no true samples):UserWarning")
def test_the_command_takes_such_a_corpus(tmp_path):
    pytest.importorskip("transformers")
    pytest.importorskip("seqeval")
    store = Store.open(tmp_path / "store")
    model = tiny_model(tmp_path / "model")
    corpus = tmp_path / "corpus"
    for split in ("train", "dev", "test"):
        text = f"{BOM}{TEXT} {split}".replace("\n", "\r\n")
        mentions = [at(one.label, *(TEXT[s:e] for s, e in one.fragments), text=text) for one in MENTIONS]
        pair(corpus / split, text, lines_of(mentions, text), name=split)
    settings = BenchmarkSettings(seeds=1, epochs=1, device="cpu", threads=1, heads="one")
    done = benchmark(store, settings, model=str(model), task="propio", data=corpus)
    # Of six mentions tags cannot say the discontinuous one, the nested one, the crossing one, and the one in a word:
    # 'abdominal y torácico' is longer than 'Dolor abdominal', 'antiinflamatorio' is not 'inflamatorio'.
    assert done.ceiling == {"precision": pytest.approx(2 / 3, abs=1e-6), "recall": pytest.approx(2 / 6, abs=1e-6),
                            "f1": pytest.approx(4 / 9, abs=1e-6)}  # fmt: skip
    predicted = done.path / "seed-1" / "predictions" / "test" / "test.txt"
    assert predicted.read_bytes() == (corpus / "test" / "test.txt").read_bytes()


IOB2 = "-DOCSTART- O\n\nToma NN B-FARMACO\nácido NN B-FARMACO\nfólico NN I-FARMACO\n\nSin O\nfiebre B-SINTOMA\n"


@pytest.mark.parametrize("text", [
    IOB2,
    IOB2.replace("\n", "\r\n"),
    BOM + IOB2.replace(" ", "\t"),
    IOB2.replace("Toma NN B-FARMACO", "Toma NN S-FARMACO").replace("fólico NN I-", "fólico NN E-"),
    IOB2.replace("fiebre B-", "fiebre I-"),
], ids=["IOB2", "CRLF", "tabs and BOM", "IOBES", "IOB1"])  # fmt: skip
def test_conll(tmp_path, text):
    (tmp_path / "train.iob2").write_bytes(text.encode())
    first, second = conll.read_file(tmp_path / "train.iob2")
    assert first.text == "Toma ácido fólico"
    assert covered(first) == [("FARMACO", "Toma"), ("FARMACO", "ácido fólico")]
    assert covered(second) == [("SINTOMA", "fiebre")]


def test_conll_of_the_same_folder_or_of_folders(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / "flat").mkdir(exist_ok=True)
        text = IOB2.replace("Toma", f"Toma{split}")
        (tmp_path / "flat" / f"{split}.conll").write_text(text)
        (tmp_path / "deep" / f"{split}_set").mkdir(parents=True)
        (tmp_path / "deep" / f"{split}_set" / "x.tsv").write_text(text.replace(" ", "\t"))
    for folder in ("flat", "deep"):
        form, read = read_splits(find_task("mio"), tmp_path / folder)
        assert form == "conll"
        assert {split: len(items) for split, items in read.items()} == {"train": 2, "dev": 2, "test": 2}
    (tmp_path / "flat" / "dev.conll").write_text("Toma O\nalgo FARMACO\n")
    with pytest.raises(InputError, match=r"dev\.conll:2: 'FARMACO' is no tag"):
        read_splits(find_task("mio"), tmp_path / "flat")


def test_cantemist_is_the_part_for_mentions(tmp_path):
    for split in ("train-set", "dev-set1", "dev-set2", "test-set"):
        for part in ("cantemist-ner", "cantemist-norm"):
            ann = "T1\tMORFOLOGIA_NEOPLASIA 0 9\tcarcinoma\nT2\tOTRO 0 9\tcarcinoma\n"
            pair(tmp_path / split / part, f"carcinoma {split}", ann, name="cc_onco1")
    form, read = read_splits(find_task("cantemist"), tmp_path)
    assert form == "brat"
    assert {split: len(items) for split, items in read.items()} == {"train": 1, "dev": 2, "test": 1}
    assert {one.label for one in read["train"][0].mentions} == {"MORFOLOGIA_NEOPLASIA"}


def test_a_corpus_without_splits_is_dealt_out_and_stays_so(tmp_path):
    for number in range(60):
        sample = tmp_path / "NUBes" / f"SAMPLE-{number % 3}"
        pair(sample, f"No fuma {number}", "T1\tNegSynMarker 0 2\tNo\n", name=f"s{number}")
    pair(tmp_path / "IULA+", "Sin fiebre", "T1\tNegSynMarker 0 3\tSin\n")  # another corpus in the same repository
    _, read = read_splits(find_task("NUBes"), tmp_path)
    sizes = {split: len(items) for split, items in read.items()}
    assert sizes["train"] > 35
    assert min(sizes["dev"], sizes["test"]) >= 2
    assert sum(sizes.values()) == 60
    assert read_splits(find_task("nubes"), tmp_path)[1] == read
    with pytest.raises(InputError, match=r"no brat files of otro in it|no train split"):
        read_splits(find_task("otro"), tmp_path)


def test_e3c_is_uimas_xml(tmp_path):
    text = "Dolor 🩺 torácico"
    begin = text.index("torácico") + 1  # UIMA counts the sign before it as two
    xml = (
        '<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" '
        'xmlns:custom="http:///webanno/custom.ecore" xmi:version="2.0">\n'
        '<custom:EVENT xmi:id="1" begin="0" end="5"/>\n<custom:CLINENTITY xmi:id="2" begin="0" end="5"/>\n'
        f'<custom:CLINENTITY xmi:id="3" begin="{begin}" end="{begin + 8}"/>\n'
        f'<cas:Sofa xmi:id="4" sofaString="{text}"/>\n</xmi:XMI>\n'
    )
    for number in range(40):
        (tmp_path / f"ES{number}.xml").write_text(xml, encoding="utf-8")
    _, read = read_splits(find_task("E3C-es"), tmp_path)
    assert covered(read["train"][0]) == [("CLINENTITY", "Dolor"), ("CLINENTITY", "torácico")]
    for number in range(40):
        (tmp_path / f"ES{number}.xml").write_text(xml.replace("CLINENTITY", "PACIENTE"), encoding="utf-8")
    with pytest.raises(InputError, match=r"E3C-es's types \(CLINENTITY\).* the files have EVENT, PACIENTE"):
        read_splits(find_task("E3C-es"), tmp_path)
    (tmp_path / "ES1.xml").write_text(xml.replace('end="5"', 'end="500"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"ES1\.xml:3: CLINENTITY does not lie within the text"):
        read_splits(find_task("E3C-es"), tmp_path)


def test_every_known_task_says_where_it_comes_from():
    assert {task.name for task in TASKS} == {
        "PharmaCoNER", "CANTEMIST", "CT-EBM-SP", "MEDDOCAN", "NUBes", "E3C-es", "DisTEMIST", "SympTEMIST", "MedProcNER",
        "LivingNER", "MultiClinNER-es", "ICTUSnet", "CodiEsp-D", "CodiEsp-P", "CARES", "XNLI-es", "STS-es", "SQuAD-es",
        "XQuAD-es",
    }  # fmt: skip
    assert all(task.source.startswith("https://") and task.citation for task in TASKS)


def test_who_names_a_folder_that_is_not_there_is_told_where_the_task_comes_from(tmp_path):
    with pytest.raises(InputError, match=r"no such folder\. .* MEDDOCAN is at https://zenodo\.org/record/4279323\.$"):
        read_splits(find_task("meddocan"), tmp_path / "nowhere")
    with pytest.raises(InputError, match=r"no brat files of CANTEMIST in it\. .*zenodo\.org/record/3978041\.$"):
        read_splits(find_task("CANTEMIST"), tmp_path)
    with pytest.raises(InputError, match=r"train, dev and test\.$"):
        read_splits(find_task("mine"), tmp_path / "nowhere")


def test_tables_and_squad_name_what_is_wrong(tmp_path):
    (tmp_path / "train.tsv").write_text("label\ttext\nsí\thola\nsolo texto\n")
    with pytest.raises(InputError, match=r"train\.tsv:3: not a label, a tab and a text"):
        tables.read_file(tmp_path / "train.tsv")
    asked = {"id": "q", "question": "¿?", "answers": [{"text": "ictus", "answer_start": 3}]}
    (tmp_path / "a.json").write_text(json.dumps({"data": [{"paragraphs": [{"context": TEXT, "qas": [asked]}]}]}))
    with pytest.raises(InputError, match=r"a\.json \(question q\): its answer 'ictus' is not at 3"):
        squad.read_file(tmp_path / "a.json")
    (tmp_path / "b.json").write_text('{"data": [{"paragraphs": [{"qas": []}]}]}')
    with pytest.raises(InputError, match=r"b\.json: not of SQuAD's shape at data\.0\.paragraphs\.0\.context"):
        squad.read_file(tmp_path / "b.json")
