"""A forgetting after another, and one that does not end at once: marks, copies, the way on."""

from datetime import date

import pytest
from corpus_rounds import prose
from warc_files import html, write_warc

from cleaning.clean import clean
from cleaning.corpus.publish import publish
from data.lineage import forgotten_receipts
from data.manifest import Manifest
from flows.forgetting.forget import carry_out, prepare
from flows.settings import load_settings

pytestmark = pytest.mark.slow

DAY = date(2026, 3, 1)


def chosen(store):
    return load_settings(None, {"store": store.root, "engine.workers": 1})


def pages(host, count=2):
    return [(f"https://{host}/p{number}", "200 OK", html(prose((host, number)))) for number in range(count)]


def published(store, file, found):
    write_warc(store.warc / file, found)
    settings = chosen(store)
    clean(store, settings.clean, engine=settings.engine)
    return publish(store, settings.clean, settings.publish, engine=settings.engine).version


def planned(store, *targets, **options):
    return prepare(store, chosen(store), targets, day=DAY, keep=True, **options)


def forget(store, *targets, **options):
    return carry_out(store, chosen(store), planned(store, *targets, **options))


def test_a_second_forgetting_marks_the_same_models(store):
    version = published(store, "0001/a.warc.gz", [*pages("uno.es"), *pages("dos.es"), *pages("tres.es", 6)])
    digest = Manifest.read(store.corpus / version).digest
    for kind, folder in (("run", store.runs / "r"), ("model", store.models / "m")):
        Manifest(kind=kind, name=folder.name, made_from={"corpus": digest}, settings={}).write(folder)
    model = Manifest.read(store.models / "m").digest
    kept = store.benchmarks / "pharma" / "m"
    Manifest(kind="benchmark", name="m", made_from={"model": model}, settings={}).write(kept)
    first, second = forget(store, "uno.es"), forget(store, "dos.es")
    assert first.marked == second.marked == ["runs/r", "models/m", "benchmarks/pharma/m"]
    assert all(forgotten_receipts(store.root / name) == ["f0001", "f0002"] for name in second.marked)
    figures = Manifest.read(store.corpus / version).figures
    assert (figures["forgotten"], len(figures["former_digests"])) == ({"f0001": 2, "f0002": 2}, 2)
