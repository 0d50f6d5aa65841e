"""Prefect artifacts of a corpus version: the funnel, reasons of drops, hosts, the report."""

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from cleaning.corpus.publish import PublishSummary
from cleaning.corpus.report import funnel, sites
from cleaning.corpus.splits import SPLITS
from data.files import read_json
from data.manifest import MANIFEST_NAME
from flows.prefect_pages.store_links import StoreLinks

HOSTS = 200
"""Hosts in the table, at most; the report has all."""


def show_corpus(summary: PublishSummary, links: StoreLinks) -> None:
    """Create the artifacts, inside the publishing task."""
    figures = read_json(summary.path / MANIFEST_NAME)["figures"]
    version, urls = summary.version, figures["urls"]
    create_table_artifact(
        [
            {"left after": bar.name, "URLs": f"{bar.value:,}", "share": share(bar.value, urls)}
            for bar in funnel(figures)
        ],
        key="corpus-funnel",
        description=f"{version}: from {urls:,} URLs to {summary.documents:,} documents",
    )
    create_table_artifact(
        [
            {"reason": reason, "pages": f"{count:,}", "share": share(count, urls)}
            for reason, count in sorted(summary.dropped.items(), key=lambda item: (-item[1], item[0]))
        ],
        key="corpus-reasons",
        description=f"{version}: why a page is not in the corpus. `cowese why URL` tells the story of one",
    )
    create_table_artifact(
        [
            {"host": one["host"], "country": one["country"] or "", "documents": f"{one['documents']:,}"}
            | {"words": f"{one['words']:,}", "pages dropped": f"{one['dropped']:,}"}
            for one in sites(summary.path)[:HOSTS]
        ],
        key="corpus-hosts",
        description=f"{version}: the {min(figures['hosts'], HOSTS):,} largest of {figures['hosts']:,} hosts",
    )
    create_markdown_artifact(corpus_words(summary, links), key="corpus", description=f"The corpus, {version}")


def corpus_words(summary: PublishSummary, links: StoreLinks) -> str:
    """A version in a few lines."""
    splits = ", ".join(f"{summary.splits[split]:,} {split}" for split in SPLITS)
    state = "is new" if summary.changed else "is still the newest: **nothing has changed since**"
    return (
        f"## CoWeSe {summary.version}\n\n{summary.version} {state}.\n\n"
        f"- {summary.documents:,} documents ({splits})\n- {summary.words:,} words\n"
        f"- {links.to(summary.path / 'report.html', 'report')}\n"
        f"- {links.to(summary.path / 'README.md', 'dataset card')}\n"
    )


def share(part: int, whole: int) -> str:
    """Part of a whole in per cent."""
    return f"{part / whole:.1%}" if whole else ""
