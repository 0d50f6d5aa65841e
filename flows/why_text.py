"""The history of a URL as text, one line for each fact."""

from collections.abc import Iterator
from datetime import datetime

from cleaning.corpus.page_history import Verdict
from cleaning.corpus.reasons import LANGUAGES, in_words
from cleaning.corpus.version_status import VersionStatus
from crawler.views.history import Answer, CrawledUrl
from flows.console import DAY, duration
from flows.why import Visit, Why

_REFUSALS = {
    "robots/disallowed": "its host's robots.txt forbids it",
    "robots/unreachable": "its host's robots.txt did not answer, and no earlier one was known",
    "rights/content_signal": "its host's robots.txt reserves its texts from training",
    "rights/content_usage": "its host's robots.txt reserves it from training",
    "rights/tdmrep": "its host's tdmrep.json reserves it",
    "rights/ai_txt": "its host's ai.txt forbids it",
    "takedown": "it is taken down",
    "budget/host_pages": "the round had taken as many pages of its host as it may",
    "budget/host_bytes": "the run had taken as many bytes of its host as it may",
}
_NEVER_QUEUED = {
    "out_of_scope": "It lies in the scope of no start URL of these settings.",
    "unlinked": "No page or sitemap that was fetched names it.",
}
_SHOWN_DIGEST = 24


def story_lines(page: Why) -> Iterator[str]:
    """The lines: the outcome first, then the details."""
    yield f"{page.url}  (id {page.id})"
    yield _outcome(page)
    if page.takedown is not None:
        still = page.versions and page.versions[-1].state == "kept"
        later = " The next `cowese publish` leaves it out." if still else ""
        yield f"Taken down on {page.takedown.since} by the entry {page.takedown.target}.{later}"
    if not page.known:
        return
    yield ""
    yield "crawl"
    for crawled in page.crawl:
        yield from (f"  {line}" for line in _crawl_lines(crawled))
    if not page.crawl:
        yield "  no row in the crawl state (nor has a robots.txt, or a page that came from an archive or in a file)"
    yield ""
    yield f"visits: {len(page.visits) or 'none'}"
    for visit in page.visits:
        yield from _visit_lines(visit)
    for one in page.left_out:
        reason = _REFUSALS.get(one.reason, one.reason)
        yield f"  {_moment(one.fetched_at)}  not fetched from {one.source}: {reason}"
    if page.open_files:
        yield f"  (WARC files still open, of which nothing is told here: {page.open_files})"
    yield ""
    yield f"versions: {len(page.versions) or 'none yet (cowese publish cuts one)'}"
    for place in page.versions:
        yield f"  {place.version}  {_place(place)}"


def _outcome(page: Why) -> str:
    """The outcome in one sentence."""
    if not page.known:
        rule = page.never_queued or "unlinked"
        reason = _NEVER_QUEUED.get(rule, f"The crawl would refuse it: {rule}.")
        return f"Never heard of: neither the crawl state, nor a WARC file, nor a version has it. {reason}"
    latest = page.versions[-1] if page.versions else None
    if latest is not None and latest.state == "kept":
        return f"In the corpus: {latest.version}, split {latest.split}."
    if latest is not None and latest.state == "dropped" and latest.reason is not None:
        return f"Not in the corpus: {in_words(latest.reason, latest.figure)}{_target(latest)}.{_said(latest)}"
    verdict = next((visit.verdict for visit in reversed(page.visits) if visit.verdict is not None), None)
    if verdict is not None:
        return f"Not published yet: {'kept by cleaning' if verdict.kept else _dropped(verdict)}."
    if page.visits:
        return "Not cleaned yet: `cowese clean` reads it."
    refused = next((one for one in page.crawl if one.state == "refused"), None)
    if refused is not None:
        return f"Never fetched: {_refusal(refused.reason)}."
    if page.left_out and not page.crawl:
        last = max(page.left_out, key=lambda one: one.fetched_at)
        return f"Never fetched: left out of {last.source}, since {_REFUSALS.get(last.reason, last.reason)}."
    return (
        "Not fetched yet."
        if all(one.fetched_at is None for one in page.crawl)
        else "Fetched, not in a closed file yet."
    )


def _crawl_lines(crawled: CrawledUrl) -> Iterator[str]:
    kind = "sitemap" if crawled.is_sitemap else "page"
    links = "a start URL" if crawled.depth == 0 else f"{crawled.depth} {'link' if crawled.depth == 1 else 'links'} from"
    yield f"{crawled.url}: a {kind}, {links} {crawled.start_url if crawled.depth else ''}".rstrip()
    if crawled.state == "refused":
        yield f"refused in the last round: {_refusal(crawled.reason)}"
    elif crawled.state == "queued":
        failed = f" after {crawled.attempts} failed attempts ({crawled.reason})" if crawled.attempts else ""
        yield f"queued in the current round{failed}"
    elif crawled.reason is not None:
        yield f"given up in round {crawled.round}: {crawled.reason}"
    if crawled.fetched_at is None:
        yield "never fetched"
    else:
        unchanged = f", visits in a row that found nothing new: {crawled.unchanged}" if crawled.unchanged else ""
        yield f"last fetched {_moment(crawled.fetched_at)} in round {crawled.round}: HTTP {crawled.status}{unchanged}"
    if crawled.due_at is not None:
        every = f", every {duration(crawled.interval_days * DAY)}" if crawled.interval_days else ""
        yield f"next due {_moment(crawled.due_at)}{every}"
    if crawled.digest is not None:
        yield f"body {crawled.digest[:_SHOWN_DIGEST]}, record {crawled.warc_digest or 'none'}"
    if crawled.host_rests_until is not None:
        yield f"its host rests until {_moment(crawled.host_rests_until)}"


def _refusal(reason: str | None) -> str:
    return f"{_REFUSALS.get(reason or '', 'a rule of the crawl')} [{reason}]"


def _visit_lines(visit: Visit) -> Iterator[str]:
    one = visit.answer or visit.verdict
    assert one is not None
    length = f", {visit.answer.length:,} bytes" if visit.answer else ""
    yield f"  {_moment(one.fetched_at)}  {_answer(visit.answer)}{one.warc_file} at {one.warc_offset:,}{length}"
    if visit.verdict is None:
        yield "    not cleaned yet: `cowese clean`"
    elif visit.verdict.kept:
        yield from (f"    {line}" for line in _kept_lines(visit.verdict))
    else:
        fate = "nothing new" if (visit.verdict.reason or "").startswith("revisit/") else "dropped"
        yield f"    {fate}: {_dropped(visit.verdict)}"
        if visit.verdict.said is not None:
            yield f"    {_said(visit.verdict).strip()}"


def _answer(answer: Answer | None) -> str:
    if answer is None:
        return ""
    status = f"HTTP {answer.status}" if answer.status else "no HTTP status"
    return f"{status} {answer.mime or ''}".rstrip() + f" ({answer.kind})  "


def _kept_lines(verdict: Verdict) -> Iterator[str]:
    title = f"“{verdict.title}”" if verdict.title else "without a title"
    yield f"kept: {title}, {verdict.n_words:,} words" + (
        f", published {verdict.published}" if verdict.published else ""
    )
    judges = ", ".join(f"{name} {answer}" for name, answer in verdict.verdicts.items())
    language = LANGUAGES.get(verdict.language or "", verdict.language)
    yield f"language: {language} {verdict.language_score:.3g} ({judges})"
    yield "quality: " + ", ".join(f"{rule} {figure:.4g}" for rule, figure in verdict.quality.items())
    if verdict.health is not None:
        yield f"health relevance: {verdict.health:.3g}"
    if verdict.license or verdict.license_url:
        yield f"licence: {' '.join(one for one in (verdict.license, verdict.license_url) if one)}"
    if verdict.masked:
        yield "masked: " + ", ".join(f"{count} {kind}" for kind, count in verdict.masked.items())


def _dropped(verdict: Verdict) -> str:
    detail = f": {_on_one_line(verdict.detail)}" if verdict.detail else ""
    target = f", to {verdict.lost_to}" if verdict.lost_to else ""
    return f"{in_words(verdict.reason or '', verdict.figure)}{target}{detail}"


def _place(place: VersionStatus) -> str:
    if place.state == "absent":
        return "nothing of it: the page had not been fetched when it was cut"
    if place.state == "kept":
        alike = (place.cluster_size or 1) - 1
        others = f", kept before {alike} other{'s' if alike > 1 else ''} with its text" if alike else ""
        return f"kept: {place.part}{others}, cut out of {place.warc_file} at {place.warc_offset:,}"
    return f"dropped: {in_words(place.reason or '', place.figure)}{_target(place)}"


def _target(place: VersionStatus) -> str:
    if place.lost_to is None:
        return f": {_on_one_line(place.detail)}" if place.detail else ""
    return f": {place.lost_to}" if (place.reason or "").startswith("duplicate/") else f", to {place.lost_to}"


def _said(one: VersionStatus | Verdict) -> str:
    """The record with the line that reserves a page."""
    line = one.said
    if line is None:
        return ""
    whose = {"page": "The page itself says so", "licence": "The licence says so"}.get(line.file, f"{line.file} says so")
    return f" {whose}: {line.warc_file} at {line.warc_offset:,}, fetched {_moment(line.seen_at)}."


def _on_one_line(text: str) -> str:
    return f"“{' '.join(text.split())}”" if "\n" in text else text


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}"
