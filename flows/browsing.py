"""Connects `cowese browse` with the other rooms: it needs the history of pages from crawl and cleaning."""

from browse.library import Library
from data.store import Store
from flows.settings import Settings
from flows.why import why
from flows.why_text import story_lines


def library_of(store: Store, settings: Settings) -> Library:
    """The library of a store, with the history of each page as in `cowese why`."""
    return Library(store, settings.clean, lambda url: list(story_lines(why(store, settings, url))))
