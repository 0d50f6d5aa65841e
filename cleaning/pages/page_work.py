"""What a page process does with what it is handed: take a page's text out, or judge a text. Each imports its own."""

from collections.abc import Callable
from enum import StrEnum

from cleaning.pages.page import Drop, Page, Raw
from cleaning.settings import CleaningSettings

Work = Raw | Page
"""A page as it was fetched, or its extracted text."""
Reader = Callable[[Work], Page | Drop]


class Step(StrEnum):
    """Of the two steps of cleaning the one that a process does. The reasons of pages that end it begin so."""

    EXTRACTION = "extraction"
    JUDGING = "judging"


def reader_of(step: Step, settings: CleaningSettings) -> Reader:
    """The function of a step, its models loaded, so that no page pays for them."""
    return _extraction(settings) if step is Step.EXTRACTION else _judging(settings)


def _extraction(settings: CleaningSettings) -> Reader:
    from cleaning.pages.extract_page import extract_page  # noqa: PLC0415 - a judging process has no use for parsers

    def extract(raw: Work) -> Page | Drop:
        assert isinstance(raw, Raw)
        return extract_page(raw, settings)

    return extract


def _judging(settings: CleaningSettings) -> Reader:
    from cleaning.pages.judge_page import judge_page, loaded_rules  # noqa: PLC0415 - nor an extracting one for models

    rules = loaded_rules(settings)

    def judge(page: Work) -> Page | Drop:
        assert isinstance(page, Page)
        return judge_page(page, settings, rules)

    return judge
