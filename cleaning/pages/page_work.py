"""What a page process does with what it is handed: take a page's text out, or measure a text. Each imports its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cleaning.pages.measures import Measures
from cleaning.pages.page import Drop, Page, Raw
from cleaning.settings import CleaningSettings


@dataclass(frozen=True, slots=True)
class Unmeasured:
    """An extracted text, what extraction measured of its page, and what is known of the text already."""

    text: str
    figures: Mapping[str, float]
    known: Measures


Work = Raw | Unmeasured
Result = Page | Measures | Drop
"""Of a page as it was fetched its text, of a text its measures; or why there are none."""
Reader = Callable[[Work], Result]


class Step(StrEnum):
    """Of the two steps of cleaning the one that a process does. The reasons of pages that end it begin so."""

    EXTRACTION = "extraction"
    JUDGING = "judging"


def reader_of(step: Step, settings: CleaningSettings) -> Reader:
    """The function of a step."""
    return _extraction(settings) if step is Step.EXTRACTION else _judging(settings)


def _extraction(settings: CleaningSettings) -> Reader:
    from cleaning.pages.extract_page import extract_page  # noqa: PLC0415 - a judging process has no use for parsers

    def extract(raw: Work) -> Result:
        assert isinstance(raw, Raw)
        return extract_page(raw, settings)

    return extract


def _judging(settings: CleaningSettings) -> Reader:
    from cleaning.pages.judge_page import measured  # noqa: PLC0415 - nor an extracting one for models
    from cleaning.pages.quality import rules_of  # noqa: PLC0415

    rules = rules_of(settings)

    def judge(work: Work) -> Result:
        assert isinstance(work, Unmeasured)
        return measured(work.text, work.figures, work.known, settings, rules)

    return judge


def prepare(work: Work) -> None:
    """Load what a text needs before its time is counted: the language models, unless its language is known.

    Where only a threshold has changed, every language is: the models take longer to load than all texts to judge.
    """
    if isinstance(work, Unmeasured) and work.known.language is None:
        from cleaning.pages.judge_page import load_language_models  # noqa: PLC0415 - as above

        load_language_models()
