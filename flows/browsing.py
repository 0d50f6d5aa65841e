"""The page over a store, for `cowese browse` and for `cowese serve`: what the room of the page gets from all others."""

from browse.library import Library
from data.store import Store
from flows.settings import Settings
from flows.why import why
from flows.why_text import story_lines


def library_of(store: Store, settings: Settings) -> Library:
    """A store with the story of each page as `cowese why` tells it, the crawl's part included."""
    return Library(store, settings.clean, lambda url: list(story_lines(why(store, settings, url))))
