"""A description of each column of a document: for the card, the Parquet metadata and Croissant."""

import pyarrow as pa

from data.documents import DOCUMENT_SCHEMA

DESCRIPTIONS = {
    "id": "Stable id of the page, from its canonical URL; http and https, with and without www, are one page.",
    "url": "Canonical URL of the page.",
    "host": "Host of the URL.",
    "site": "Start URL from which the crawl reached the page.",
    "country": "Country of the site (ISO 3166-1 alpha-2), as the list of start URLs has it.",
    "category": "Kind of site, as the list of start URLs has it: ministry, hospital, society, journal and others.",
    "source": "How the page came in: crawl, files (WARC files of others), or the archive or corpus that gave it.",
    "canonical": "Address that the page gives as its own (link rel=canonical).",
    "title": "Title of the page, without the name of its site.",
    "author": "Author that the page names.",
    "published": "Day of publication that the page states.",
    "fetched_at": "When this text was fetched (UTC).",
    "first_seen_at": "When the page was first fetched (UTC).",
    "mime": "Media type of the answer.",
    "text_given": "Whether the source gave a text and no page, so that it cannot be extracted again.",
    "license": "Licence that the page states, or its host by RSL: an SPDX identifier, or as it is written.",
    "license_url": "Address of that licence.",
    "language": "Language of the text (ISO 639).",
    "language_score": "Confidence of the language identifier that decided, from 0 to 1.",
    "text": "The text in NFC, a paragraph a line, without boilerplate and lines that the site repeats.",
    "n_words": "Words of the text.",
    "quality": "The figure by which each quality rule decided.",
    "verdicts": "What each language identifier answered.",
    "health": "Health relevance by a table of word weights, from 0 to 1; by default it decides nothing.",
    "masked": "How many pieces of personal data of each kind were masked in the text.",
    "text_digest": "SHA-256 of the text in UTF-8, first 32 hexadecimal digits.",
    "cluster_id": "Id of the page that stands for the cluster of duplicates: the page itself.",
    "cluster_size": "Pages of the cluster of duplicates, this one included.",
    "warc_file": "WARC file that holds the page as it was fetched.",
    "warc_offset": "Byte at which the page's record begins in that file.",
    "recipe": "Digest of the code, the settings and the library versions that made the text.",
}
"""By column of DOCUMENT_SCHEMA."""

PUBLISHED_SCHEMA = pa.schema(
    [field.with_metadata({"description": DESCRIPTIONS[field.name]}) for field in DOCUMENT_SCHEMA]
)
"""DOCUMENT_SCHEMA with the description of every column; versions are written with it."""
