"""The sections of the public summary, under the numbers of the template."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cleaning.corpus.reasons import LANGUAGES
from data.sources import CRAWL, FILES

if TYPE_CHECKING:
    from cleaning.corpus.summary import Content, Source

UNKNOWN = "Not known to the software that wrote this page; the publisher of the corpus or a provider must say it."
PUBLIC = {
    "common-crawl": "Common Crawl (commoncrawl.org): pages of named hosts from its monthly crawls, as its WARC files "
    "hold them; its terms of use hold.",
    "wayback": "The Wayback Machine of the Internet Archive (web.archive.org): captures of start addresses whose host "
    "is gone.",
    "medlineplus": "MedlinePlus health topics in Spanish (medlineplus.gov/xml.html): summaries in the public domain of "
    "the United States.",
    "scielo": "SciELO: full texts in JATS, each under the licence of its column `license`.",
}
"""Sources that others compiled and published."""
_BILLION, _TEN_TRILLION = 10**9, 10**13
_TOKENS_A_WORD = (1.2, 2.0)
"""Tokens of a Spanish word, minimum and maximum, with vocabularies of 30,000 pieces and more."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header; numbers are formatted already."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Section:
    """One part of the template."""

    number: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    """Field of the template → answer."""
    tables: Sequence[Table] = field(default_factory=tuple)


def sections(content: "Content", figures: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Section]:
    """All sections, in the template's order."""
    crawl = [one for one in content.sources if one.name == CRAWL]
    public = [one for one in content.sources if one.name in PUBLIC]
    other = [one for one in content.sources if one.name not in PUBLIC and one.name != CRAWL]
    return [
        Section("1", "General information"),
        Section("1.1", "Provider identification", [("Provider name and contact details", UNKNOWN)]),
        Section(
            "1.2",
            "Model identification",
            [("Versioned model name(s), dependencies, date of placement", "None: this is a corpus and no model.")],
        ),
        _size(content, figures),
        Section("2", "List of data sources"),
        _public(public),
        Section(
            "2.2",
            "Private datasets obtained from third parties",
            [("Licensed, or obtained otherwise", "None: this software brings in none.")],
        ),
        _crawled(crawl, content, figures),
        Section("2.4", "User data", [("Data from users of services", "None.")]),
        Section(
            "2.5",
            "Synthetic data",
            [
                ("Generated for this corpus", "None."),
                (
                    "Pages that others wrote by machine",
                    (
                        f"{figures['dropped'].get('quality/filler', 0):,} pages were left out for stock phrases of "
                        "such "
                        "texts. How many remain is not known."
                    ),
                ),
            ],
        ),
        _other(other),
        Section("3", "Data processing aspects"),
        _reservations(figures, settings),
        Section(
            "3.2",
            "Removal of illegal content",
            [
                (
                    "Measures",
                    "No classifier and no list of illegal content is applied. Start addresses are chosen by hand.",
                ),
                ("Taken down on request", f"{figures['dropped'].get('takedown', 0):,} pages."),
                (
                    "Personal data",
                    (
                        "Identity numbers, telephone numbers and e-mail addresses are masked by rules "
                        f"({_listed(figures['masked']) or 'none found'}); names of persons are not."
                    ),
                ),
            ],
        ),
        _processing(figures, settings),
    ]


def _size(content: "Content", figures: Mapping[str, Any]) -> Section:
    words = sum(count for _, count in content.languages.values())
    return Section(
        "1.3",
        "Modalities, overall training data size and other characteristics",
        [
            ("Modality", "Text. No images, audio or video."),
            ("Training data size", _range(words)),
            ("Types of content", f"Web pages about health, and what a source gave as text: {_listed(content.forms)}."),
            ("Latest date of acquisition", f"{figures['last_fetched']}; the earliest {figures['first_fetched']}."),
        ],
        [
            Table(
                "Languages",
                ("language", "documents", "words"),
                [
                    (LANGUAGES.get(name, name), f"{documents:,}", f"{count:,}")
                    for name, (documents, count) in content.languages.items()
                ],
            )
        ],
    )


def _range(words: int) -> str:
    """The template's size range, estimated from words."""
    least, most = (words * share for share in _TOKENS_A_WORD)
    ranges = [_range_of(least), _range_of(most)]
    shown = ranges[0] if ranges[0] == ranges[1] else f"{ranges[0]}, or {ranges[1]}"
    return f"{shown}: estimated from {words:,} words of 1.2 to 2 tokens. Tokens are known with a model's tokenizer."


def _range_of(tokens: float) -> str:
    if tokens < _BILLION:
        return "less than 1 billion tokens"
    return "1 billion to 10 trillion tokens" if tokens <= _TEN_TRILLION else "more than 10 trillion tokens"


def _public(sources: Sequence["Source"]) -> Section:
    facts = [(one.name, f"{PUBLIC[one.name]} {_gave(one)}") for one in sources]
    return Section("2.1", "Publicly available datasets", facts or [("Datasets", "None.")])


def _crawled(crawl: Sequence["Source"], content: "Content", figures: Mapping[str, Any]) -> Section:
    title = "Data crawled and scraped from online sources"
    domains = _domains(content)
    if not crawl:
        return Section(
            "2.3",
            title,
            [("Crawlers used", "None for this corpus; its domains are those of other sources.")],
            [domains],
        )
    (source,) = crawl
    agents = figures.get("crawlers", {}).get(CRAWL, {})
    return Section(
        "2.3",
        title,
        [
            ("Crawler names", ", ".join(agents) or "Not stated in the WARC files."),
            ("Purposes", "To gather pages about health in Spanish for this corpus."),
            (
                "Behaviour",
                (
                    "It asks for robots.txt (RFC 9309), tdmrep.json and ai.txt before any page of a host, and for no "
                    "page that "
                    "they refuse. It sends one request to a host at a time, with a delay. Its user agent has an "
                    "address to write "
                    "to where one was set. It logs in nowhere, fills in no form, solves no captcha and passes no "
                    "paywall."
                ),
            ),
            ("Period of collection", f"{source.first.date()} to {source.last.date()}."),
            (
                "Content and sources",
                (
                    f"{source.visited:,} addresses reached from listed start addresses, {source.documents:,} of them "
                    "in this "
                    f"corpus. Kinds of sites, all sources together: {_listed(figures['categories'])}. Countries: "
                    f"{_listed(figures['countries'])}."
                ),
            ),
            ("Modality", "Text."),
        ],
        [domains],
    )


def _domains(content: "Content") -> Table:
    small = content.n_small
    rows = [
        (f"{number:,}", domain, f"{documents:,}", f"{words:,}", "yes" if number <= small else "")
        for number, (domain, documents, words) in enumerate(content.domains, 1)
    ]
    title = f"The largest tenth of {content.n_domains:,} domain names, by words (SME: the largest 5 %, at most 1,000)"
    return Table(title, ("", "domain", "documents", "words", "SME"), rows)


def _other(sources: Sequence["Source"]) -> Section:
    facts = []
    for one in sources:
        what = "A folder of texts with addresses that its maker compiled; what it is, its name says."
        if one.name == FILES:
            what = "WARC files of other crawlers. Who crawled, and how, is known as far as the files tell (3.3)."
        facts.append((one.name, f"{what} {_gave(one)}"))
    return Section("2.6", "Other sources of data", facts or [("Sources", "None.")])


def _gave(one: "Source") -> str:
    return (
        f"Fetched or dated {one.first.date()} to {one.last.date()}; {one.visited:,} addresses, {one.documents:,} "
        "documents, "
        f"{one.words:,} words."
    )


def _reservations(figures: Mapping[str, Any], settings: Mapping[str, Any]) -> Section:
    rights = settings.get("rights", settings["publish"])  # its place in versions before [rights]
    today = settings["publish"].get("rights") == "as_of_today"
    held = figures.get("ledger", {})
    facts = [
        (
            "Signals that are read",
            (
                "robots.txt with AIPREF and Content Signals, ai.txt, TDMRep (file, header, meta element, XMP), "
                "X-Robots-Tag and "
                "meta elements (noindex, noai), RSL licences."
            ),
        ),
        (
            "Which words count",
            "The latest known of each host, for all pages." if today else "Those that held when a page was fetched.",
        ),
        (
            "Training agents shut out by name",
            "Taken as a reservation." if rights.get("named_agents") == "reserve" else "Not taken as a reservation.",
        ),
        (
            "An RSL licence that is not known",
            "Taken as a reservation." if rights.get("missing_licence") == "reserve" else "Not taken as a reservation.",
        ),
        (
            "Evidence",
            f"This corpus has {held['hosts']:,} hosts. Of {held['with_robots']:,} the WARC files hold what their "
            "robots.txt "
            f"said; of {held['hosts'] - held['with_robots']:,} it is not known."
            if held
            else "Not counted in this version.",
        ),
        (
            "Not counted here",
            "Pages that the crawl did not ask for because their host refuses them: they are in no WARC file.",
        ),
    ]
    rows = [(carrier, f"{count:,}") for carrier, count in figures.get("opted_out", {}).items()]
    total = sum(figures.get("opted_out", {}).values())
    table = Table(f"Pages left out for a reservation: {total:,}", ("carrier of the word that decided", "pages"), rows)
    licences = [(name, f"{count:,}") for name, count in figures.get("licences", {}).items()]
    stated = Table("Licences that pages, or hosts by RSL, state", ("licence", "documents"), licences)
    return Section(
        "3.1", "Respect of reservation of rights from the text and data mining exception", facts, [table, stated]
    )


def _processing(figures: Mapping[str, Any], settings: Mapping[str, Any]) -> Section:
    agents = [
        (source, f"{', '.join(f'{agent} ({files:,} files)' for agent, files in sorted(by_agent.items()))}.")
        for source, by_agent in sorted(figures.get("crawlers", {}).items())
        if source != CRAWL
    ]
    clean = settings["clean"]
    return Section(
        "3.3",
        "Other information",
        [
            (
                "From addresses to documents",
                (
                    f"{figures['urls']:,} addresses, {figures['documents']:,} documents. Left out: "
                    f"{_listed(_families(figures)) or 'none'}."
                ),
            ),
            ("Languages kept", ", ".join(LANGUAGES.get(one, one) for one in clean["languages"])),
            (
                "Evaluation data",
                "Kept out: " + ", ".join(settings["publish"]["decontaminate"])
                if settings["publish"]["decontaminate"]
                else "No benchmark was named to be kept out.",
            ),
            *((f"Writers of WARC files, {source}", said) for source, said in agents),
        ],
    )


def _families(figures: Mapping[str, Any]) -> Mapping[str, int]:
    families: dict[str, int] = {}
    for reason, count in figures["dropped"].items():
        family = reason.partition("/")[0]
        families[family] = families.get(family, 0) + count
    return families


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(_entries(counts))


def _entries(counts: Mapping[str, int]) -> Iterator[str]:
    yield from (f"{name} {count:,}" for name, count in counts.items())
