"""Benchmark texts leave the corpus by content: 13 words in a row, whatever their case, punctuation and line breaks."""

import json
import shutil
import tarfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from corpus_rounds import Round, parquet_bytes, prose, urls
from typer.testing import CliRunner

from cleaning.corpus.decontaminate import RUN_WORDS, Benchmark, benchmarks
from cleaning.corpus.publish import behind, publish
from cleaning.corpus.reasons import in_words
from cleaning.publish_settings import PublishSettings
from cleaning.settings import CleaningSettings
from data.errors import InputError
from data.files import read_json
from data.store import Store
from flows.cli import app

CLEANING = CleaningSettings()
CASE = (
    "Varón de 63 años, exfumador, que acude por disnea progresiva y edemas.\n"
    "Se pauta furosemida 40 mg/día y enalapril; mejoría clínica al séptimo día del ingreso hospitalario."
)
WORDS = [
    *("varón", "de", "63", "años", "exfumador", "que", "acude", "por", "disnea", "progresiva", "y", "edemas", "se"),
    *("pauta", "furosemida", "40", "mg", "día", "y", "enalapril", "mejoría", "clínica", "al", "séptimo", "día", "del"),
]


def benchmark(folder, name="pharmaconer"):
    """Two brat documents; only one has a text that anybody copies."""
    for split, stem, text in (("train", "a1", CASE), ("test", "b2", prose("otro caso", 60))):
        path = folder / name / split / f"{stem}.txt"
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
        path.with_suffix(".ann").write_text(f"T1\tCHEM 0 5\t{text[:5]}\n", encoding="utf-8")
    return folder / name


def planted(words, seed):
    """A page of its own that has these words in its middle."""
    return f"{prose(seed, 60)} {' '.join(words)} {prose(f'{seed} bis', 60)}"


def web(store, pages):
    """The pages and enough others for every split."""
    made = Round(1)
    for url in urls(each=8):
        made.page(url, prose(url))
    for name, text in pages.items():
        made.page(f"https://blog.es/{name}", text)
    made.write(store)


def against(*paths):
    return PublishSettings(decontaminate=paths)


def dropped(version):
    rows = pq.read_table(version / "dropped").to_pylist()
    return {row["url"].rpartition("/")[2]: row for row in rows if row["reason"].startswith("decontaminated/")}


@pytest.mark.slow
def test_twelve_words_stay_and_thirteen_go(store, tmp_path):
    pages = {
        "doce": planted(WORDS[3 : 3 + RUN_WORDS - 1], 1),
        "trece": planted(WORDS[3 : 3 + RUN_WORDS], 2),
        "quince": planted(WORDS[3 : 3 + RUN_WORDS + 2], 3),
        "parrafos": planted(["VARÓN", "de", "63", "AÑOS:", "exfumador.\nQue", "acude", *WORDS[7:13]], 4),
        "sin-tilde": planted(["varon", *WORDS[1:13]], 5),
        "interrumpido": planted([*WORDS[:7], "urgencias", *WORDS[7:19]], 6),
    }
    web(store, pages)
    done = publish(store, CLEANING, against(benchmark(tmp_path)))
    gone = dropped(done.path)
    assert {name: row["figure"] for name, row in gone.items()} == {"trece": 1, "quince": 3, "parrafos": 1}
    assert {row["reason"] for row in gone.values()} == {"decontaminated/pharmaconer"}
    assert in_words("decontaminated/meddocan", 3) == (
        "it shares 13 words in a row with a text of the benchmark meddocan (3 such runs) [decontaminated/meddocan]"
    )
    assert gone["trece"]["detail"] == f"train/a1.txt: {' '.join(WORDS[3:16])}"
    assert done.dropped["decontaminated/pharmaconer"] == 3
    assert done.funnel["urls"] == done.documents + sum(done.dropped.values())
    texts = " ".join(pq.read_table(done.path / "data", columns=["text"])["text"].to_pylist())
    assert WORDS[3] in texts
    card = (done.path / "README.md").read_text()
    assert "Decontaminated against pharmaconer" in card
    assert "3 documents dropped" in card


@pytest.mark.slow
def test_no_split_keeps_a_contaminated_document(store, tmp_path):
    whole = CASE.replace("\n", " ")
    web(store, {f"copia-{number}": f"{prose(number, 80)} {whole}" for number in range(40)})
    assert publish(store, CLEANING, PublishSettings()).splits["test"] > 0
    done = publish(store, CLEANING, against(benchmark(tmp_path)))
    texts = pq.read_table(done.path / "data", columns=["text"])["text"].to_pylist()
    assert done.dropped["decontaminated/pharmaconer"] == 40
    assert not [text for text in texts if "exfumador" in text]


@pytest.mark.slow
def test_the_clean_copy_of_a_contaminated_page_lives(store, tmp_path):
    clean = prose("larga", 300)
    web(store, {"limpia": clean, "sucia": f"{clean} {' '.join(WORDS[:13])}"})
    assert publish(store, CLEANING, PublishSettings()).dropped == {"duplicate/near": 1}
    done = publish(store, CLEANING, against(benchmark(tmp_path)))
    assert list(dropped(done.path)) == ["sucia"]
    assert "https://blog.es/limpia" in pq.read_table(done.path / "data", columns=["url"])["url"].to_pylist()


@pytest.mark.slow
def test_incremental_equals_cold_and_memory_follows_the_content(store, tmp_path):
    folder = benchmark(tmp_path)
    settings = against(folder)
    web(store, {"trece": planted(WORDS[:13], 2)})
    publish(store, CLEANING, settings)
    Round(2).page("https://blog.es/nueva", planted(WORDS[5:20], 7)).page(
        "https://blog.es/trece", planted(WORDS[:12], 2)
    ).write(store)
    done = publish(store, CLEANING, settings)
    assert list(dropped(done.path)) == ["nueva"]
    (folder / "dev").mkdir()
    (folder / "dev" / "c3.txt").write_text(" ".join(prose(urls()[3]).split()[:20]))
    assert behind(store, CLEANING, settings) == ["settings"]
    grown = publish(store, CLEANING, settings)
    assert set(dropped(grown.path)) == {"nueva", urls()[3].rpartition("/")[2]}
    cold = Store.open(tmp_path / "cold")
    cold.documents.symlink_to(store.documents)
    fresh = publish(cold, CLEANING, settings)
    assert parquet_bytes(grown.path) == parquet_bytes(fresh.path)
    manifests = [read_json(path / "manifest.json") for path in (grown.path, fresh.path)]
    assert manifests[0]["settings"] == manifests[1]["settings"]
    assert manifests[0]["settings"]["publish"]["decontaminate"] == {"pharmaconer": Benchmark.open(folder).digest}


@pytest.mark.slow
def test_nothing_changed_reads_no_text_again(store, tmp_path):
    settings = against(benchmark(tmp_path))
    web(store, {"trece": planted(WORDS[:13], 2)})
    told = []
    first = publish(store, CLEANING, settings, progress=lambda stage, *_: told.append(stage))
    assert "decontaminate" in told
    told.clear()
    assert behind(store, CLEANING, settings) == []
    Round(2).drop(urls()[0], "http/404").write(store)
    again = publish(store, CLEANING, settings, progress=lambda stage, *_: told.append(stage))
    assert again.changed
    assert "decontaminate" not in told
    assert first.dropped["decontaminated/pharmaconer"] == again.dropped["decontaminated/pharmaconer"] == 1
    memory = next((store.signatures / "decontaminated").glob("*.npz"))
    memory.write_bytes(b"PK\3\4 cut off")
    assert publish(store, CLEANING, settings).version == again.version


@pytest.mark.slow
def test_moving_a_benchmark_changes_nothing_and_a_tar_is_its_folder(store, tmp_path):
    folder = benchmark(tmp_path)
    web(store, {"trece": planted(WORDS[:13], 2)})
    first = publish(store, CLEANING, against(folder))
    with tarfile.open(tmp_path / "pharmaconer.tar.xz", "w:xz") as archive:
        archive.add(folder, "pharmaconer")
    shutil.rmtree(folder)
    assert not publish(store, CLEANING, against(tmp_path / "pharmaconer.tar.xz")).changed
    assert publish(store, CLEANING, PublishSettings()).documents == first.documents + 1


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("train.conll", "".join(f"{word} NN O\n" for word in CASE.split()).replace("edemas. NN O", "edemas. NN O\n")),
        ("ner.tsv", "".join(f"{word}\t{tag}\n" for word, tag in zip(CASE.split(), ["B-X", *["O"] * 99], strict=False))),
        ("clase.tsv", f"label\ttext\nneg\t{CASE!r}\n".replace("\\n", " ")),
        ("squad.json", json.dumps({"data": [{"title": "x", "paragraphs": [{"context": CASE, "qas": []}]}]})),
        ("bom.txt", f"\N{BYTE ORDER MARK}{CASE}".replace("\n", "\r\n")),
        ("filas.csv", f'1,"{CASE}"\r\n'.replace("\n", " ")),
        ("descompuesto.txt", CASE.replace("ó", "o\N{COMBINING ACUTE ACCENT}")),
    ],
)
def test_forms_of_benchmarks(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8", newline="")
    case = tmp_path / "whole.txt"
    case.write_text(CASE, encoding="utf-8")
    ours, whole = set(Benchmark.open(path).runs[0].tolist()), set(Benchmark.open(case).runs[0].tolist())
    assert len(whole) == len(CASE.replace("/", " ").split()) - RUN_WORDS + 1
    assert whole <= ours


@pytest.mark.slow
def test_two_benchmarks_are_counted_by_the_first_name_and_both_named(store, tmp_path):
    one, other = benchmark(tmp_path), benchmark(tmp_path, "Meddocan 2019")
    web(store, {"trece": planted(WORDS[:13], 2)})
    done = publish(store, CLEANING, against(one, other))
    row = dropped(done.path)["trece"]
    assert row["reason"] == "decontaminated/meddocan-2019"
    assert row["detail"].endswith("; also pharmaconer")
    assert not publish(store, CLEANING, against(other, one)).changed


@pytest.mark.slow
def test_the_command_takes_several(store, tmp_path):
    web(store, {"trece": planted(WORDS[:13], 2)})
    folders = [str(benchmark(tmp_path, name)) for name in ("uno", "dos")]
    given = [option for folder in folders for option in ("--decontaminate", folder)]
    done = CliRunner().invoke(app, ["publish", "--store", str(store.root), *given, "--json"])
    assert done.exception is None, done.exception
    assert json.loads(done.stdout)["dropped"] == {"decontaminated/dos": 1}
    settings = read_json(store.latest_corpus / "manifest.json")["settings"]["publish"]["decontaminate"]
    assert set(settings) == {"uno", "dos"}


def test_one_path_stands_for_a_list_of_one(tmp_path):
    assert PublishSettings(decontaminate=str(tmp_path)).decontaminate == (tmp_path,)
    assert PublishSettings.model_validate({"decontaminate": ["a", "b"]}).decontaminate == (Path("a"), Path("b"))


def test_what_cannot_be_read_is_named(tmp_path):
    for path, words in ((tmp_path / "none", "no such benchmark"), (tmp_path, "no benchmark's texts in it")):
        with pytest.raises(InputError, match=words):
            benchmarks([path])
    (tmp_path / "latin.txt").write_bytes("años".encode("latin-1"))
    with pytest.raises(InputError, match=r"[^n]/latin\.txt: not UTF-8 \(byte 1\)"):
        _ = benchmarks([tmp_path / "latin.txt"])[0].runs
    (tmp_path / "broken.json").write_text("{")
    with pytest.raises(InputError, match=r"[^n]/broken\.json: cannot be read as JSON"):
        _ = benchmarks([tmp_path / "broken.json"])[0].runs
    (tmp_path / "cut.tar.xz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="cannot be read as a tar archive"):
        benchmarks([tmp_path / "cut.tar.xz"])
    (tmp_path / "a" / "x").mkdir(parents=True)
    (tmp_path / "x").mkdir()
    for folder in (tmp_path / "a" / "x", tmp_path / "x"):
        (folder / "t.txt").write_text(CASE)
    with pytest.raises(InputError, match="two benchmarks are called x"):
        benchmarks([tmp_path / "a" / "x", tmp_path / "x"])


def test_a_benchmark_that_can_match_nothing_is_refused_by_its_path(store, tmp_path):
    web(store, {})
    short, broken = tmp_path / "corto.txt", tmp_path / "roto.json"
    short.write_text("Doce palabras no bastan.", encoding="utf-8")
    broken.write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match=rf"^{short}: no text of 13 words or more in it"):
        publish(store, CLEANING, against(short))
    with pytest.raises(InputError, match=rf"^{broken}: cannot be read as JSON"):
        publish(store, CLEANING, against(broken))
