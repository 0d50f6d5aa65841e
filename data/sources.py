"""The source of a document: the live crawl, an archive or another corpus. The folder of its WARC file tells."""

CRAWL, FILES = "crawl", "files"
"""The sources that have no folder of their name: our own crawl, and WARC files given to ``cowese clean``."""


def source_of(warc_file: str) -> str:
    """The source of a WARC file, from its name in the column ``warc_file``.

    >>> source_of("0001/cowese-0001-00000.warc.gz"), source_of("common-crawl/CC-MAIN-2026-05-00000.warc.gz")
    ('crawl', 'common-crawl')
    >>> source_of("mine-3fa2b1c0.warc.gz")
    'files'
    """
    folder, slash, _ = warc_file.rpartition("/")
    if not slash:
        return FILES
    return CRAWL if folder.isdecimal() else folder
