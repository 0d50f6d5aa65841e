"""Where a document's page came from: the live crawl, an archive, a corpus of others; told by its WARC file's folder."""

CRAWL, FILES = "crawl", "files"
"""The sources of a store that are no folder's name: our own crawl, and WARC files named to ``cowese clean``."""


def source_of(warc_file: str) -> str:
    """The source of a WARC file, by its name as documents have it.

    >>> source_of("0001/cowese-0001-00000.warc.gz"), source_of("common-crawl/CC-MAIN-2026-05-00000.warc.gz")
    ('crawl', 'common-crawl')
    >>> source_of("mine-3fa2b1c0.warc.gz")
    'files'
    """
    folder, slash, _ = warc_file.rpartition("/")
    if not slash:
        return FILES
    return CRAWL if folder.isdecimal() else folder
