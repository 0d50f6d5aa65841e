"""The whole chain by its command on the demo web, two rounds of it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from demo_web.server import DemoWeb
from demo_web.site import ASOCIACION, HOSPITAL, REVISTA, SOCIEDAD

from data.manifest import Manifest
from data.parquet import read_parquet

pytestmark = pytest.mark.slow

COMMAND = [f"{sys.prefix}/bin/cowese", "build", "--preset", "tiny", "--steps", "4", "--revisit", "all"]
COMMAND += ["--set", "crawl.delay_min=0.02", "--json"]


def build(store, tmp_path, round_number, *options):
    with DemoWeb(round=round_number) as web:
        seeds = web.write_seeds(tmp_path / "seeds.tsv")
        done = subprocess.run(
            [*COMMAND, "--seeds", seeds, "--proxy", web.proxy, "--store", store, *options],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout), web.log


@pytest.fixture(scope="module")
def rounds(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("build")
    store = tmp_path / "store"
    return store, build(store, tmp_path, 1), build(store, tmp_path, 2)


def kept(store, version):
    table = read_parquet(store / "corpus" / version / "data")
    return {row["url"].partition("://")[2]: row for row in table.select(["url", "text", "first_seen_at"]).to_pylist()}


def test_the_first_round_makes_a_version_and_a_model(rounds):
    store, (built, log), _ = rounds
    assert built["corpus"]["publish"]["version"] == "v0001"
    assert built["corpus"]["publish"]["documents"] >= 40
    assert not any(path.startswith("/privado") for _, path, _ in log)
    first = kept(store, "v0001")
    assert f"{HOSPITAL}/cardiologia/hipertension" in first
    assert f"{HOSPITAL}/folletos/alimentacion.pdf" in first
    assert f"{HOSPITAL}/cirugia/anestesia" not in first  # comes in round 2
    assert not any(url.startswith((f"{HOSPITAL}/ca/", f"{HOSPITAL}/gl/", f"{HOSPITAL}/borrador")) for url in first)


def test_the_second_round_asks_only_for_what_changed(rounds):
    _, (first, _), (second, log) = rounds
    crawl = second["corpus"]["crawl"]
    assert crawl["not_modified"] > 0.7 * first["corpus"]["crawl"]["new"]
    assert crawl["megabytes"] < 0.5 * first["corpus"]["crawl"]["megabytes"]
    statuses = {(host, path): status for host, path, status in log}
    assert statuses[HOSPITAL, "/neurologia/ictus"] == 304
    assert statuses[HOSPITAL, "/cardiologia/hipertension"] == 200


def test_new_changed_gone_and_moved_pages_reach_the_second_version(rounds):
    store, _, (second, _) = rounds
    assert second["corpus"]["publish"]["version"] == "v0002"
    before, after = kept(store, "v0001"), kept(store, "v0002")
    assert f"{REVISTA}/originales/calidad-vida-psoriasis" in after
    changed = f"{HOSPITAL}/cardiologia/hipertension"
    assert after[changed]["text"] != before[changed]["text"]
    assert after[changed]["first_seen_at"] == before[changed]["first_seen_at"]
    assert f"{ASOCIACION}/actividades/taller-cocina" in before
    assert f"{ASOCIACION}/actividades/taller-cocina" not in after
    assert f"{SOCIEDAD}/noticias/beca-investigacion" not in after
    assert f"{SOCIEDAD}/archivo/beca-investigacion" in after


def test_every_page_of_both_rounds_is_accounted_for(rounds):
    for built, _ in rounds[1:]:
        publish = built["corpus"]["publish"]
        funnel = publish["funnel"]
        assert funnel["records"] == funnel["superseded"] + funnel["urls"]
        assert funnel["urls"] == publish["documents"] + sum(publish["dropped"].values())


def test_datasets_opens_the_version_with_its_three_splits(rounds, tmp_path):
    datasets = pytest.importorskip("datasets")
    store, _, (second, _) = rounds
    opened = datasets.load_dataset(str(store / "corpus" / "latest"), cache_dir=str(tmp_path / "cache"))
    assert {split: len(opened[split]) for split in opened} == second["corpus"]["publish"]["splits"]
    assert all(count > 0 for count in second["corpus"]["publish"]["splits"].values())
    assert not set(opened["train"]["host"]) & set(opened["test"]["host"])


def test_transformers_opens_the_model(rounds):
    transformers = pytest.importorskip("transformers")
    _, _, (second, _) = rounds
    folder = second["model"]["export"]["discriminator"]
    model = transformers.ElectraForPreTraining.from_pretrained(folder)
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    batch = tokenizer("La compañera tiene fiebre.", return_tensors="pt")
    assert model(**batch).logits.shape == batch["input_ids"].shape
    assert tokenizer.decode(batch["input_ids"][0], skip_special_tokens=True) == "La compañera tiene fiebre."


def test_a_third_build_finds_nothing_new_and_trains_nothing_again(rounds, tmp_path):
    store, _, (second, _) = rounds
    third, _ = build(store, tmp_path, 2)
    assert third["corpus"]["publish"]["changed"] is False
    assert third["corpus"]["publish"]["version"] == "v0002"
    assert third["model"]["pretrain"]["reused"] is True
    assert third["model"]["export"]["path"] == second["model"]["export"]["path"]


def test_a_build_from_the_latest_goes_on_with_the_other_corpus_and_its_tokenizer(rounds, tmp_path):
    store, (first, _), _ = rounds
    fourth, _ = build(store, tmp_path, 2, "--from", "latest")
    run = Manifest.read(Path(fourth["model"]["pretrain"]["path"]))
    assert [one["name"] for one in run.figures["lineage"]] == [Path(first["model"]["pretrain"]["path"]).name]
    assert fourth["model"]["tokenizer"]["path"] == first["model"]["tokenizer"]["path"]
