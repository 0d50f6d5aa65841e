"""The record that all rooms share: a page's text with its metadata, or the reason why the page was dropped."""

import pyarrow as pa

SECONDS_UTC = pa.timestamp("s", tz="UTC")

# Lists of pairs: the `datasets` library does not support Arrow's map type.
QUALITY = pa.list_(pa.struct([("rule", pa.string()), ("figure", pa.float32())]))
VERDICTS = pa.list_(pa.struct([("identifier", pa.string()), ("answer", pa.string())]))
FIGURES = pa.list_(pa.struct([("name", pa.string()), ("figure", pa.float64())]))
MASKED = pa.list_(pa.struct([("kind", pa.string()), ("count", pa.int32())]))

EXTRACTED_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),  # canonical; as it stands in the record where it is no address
        pa.field("host", pa.string(), nullable=False),
        pa.field("site", pa.string()),
        pa.field("country", pa.string()),
        pa.field("category", pa.string()),
        pa.field("status", pa.int16()),  # HTTP status, null where the record has none
        pa.field("mime", pa.string()),
        pa.field("fetched_at", SECONDS_UTC, nullable=False),
        pa.field("warc_file", pa.string(), nullable=False),
        pa.field("warc_offset", pa.int64(), nullable=False),
        pa.field("reason", pa.string()),  # why there is no text; null where there is one
        pa.field("figure", pa.float64()),
        pa.field("detail", pa.string()),
        pa.field("lost_to", pa.string()),
        pa.field("text", pa.string()),  # as extracted: before judging, cutting and masking
        pa.field("title", pa.string()),
        pa.field("author", pa.string()),
        pa.field("published", pa.date32()),
        pa.field("canonical", pa.string()),
        pa.field("declared_language", pa.string()),
        pa.field("license", pa.string()),  # that the page states: an SPDX identifier, or as it is written
        pa.field("license_url", pa.string()),
        pa.field("text_given", pa.bool_(), nullable=False),  # the record brought a text and no page
        pa.field("figures", FIGURES, nullable=False),  # what extraction measured of the page, for the rules
        pa.field("recipe", pa.string(), nullable=False),  # the extraction recipe
    ]
)
"""A record of a WARC file with its extracted text, or the reason why there is none."""

MEASURES_SCHEMA = pa.schema(
    [
        pa.field("characters", pa.int64()),
        pa.field("language", pa.string()),
        pa.field("language_score", pa.float64()),
        pa.field("verdicts", VERDICTS),
        pa.field("beginning", pa.string()),
        pa.field("foreign", pa.int32()),
        pa.field("figures", pa.list_(pa.struct([("rule", pa.string()), ("values", pa.list_(pa.float64()))]))),
        pa.field("health", pa.float64()),
        pa.field("text", pa.string()),  # as a document has it; null where it is the extracted text
        pa.field("masked", MASKED),
        pa.field("n_words", pa.int32()),
        pa.field("words", pa.int32()),  # of the extracted text
    ]
)
"""What was measured of an extracted text; null where nothing has asked for it yet."""

DOCUMENT_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),  # stable, from the canonical URL: data.urls.document_id
        pa.field("url", pa.string(), nullable=False),  # canonical
        pa.field("host", pa.string(), nullable=False),
        pa.field("site", pa.string()),  # the start URL it was reached from
        pa.field("country", pa.string()),
        pa.field("category", pa.string()),
        pa.field("source", pa.string(), nullable=False),  # how the page came in: data.sources.source_of
        pa.field("canonical", pa.string()),  # the address that the page itself gives (link rel=canonical)
        pa.field("title", pa.string()),
        pa.field("author", pa.string()),
        pa.field("published", pa.date32()),
        pa.field("fetched_at", SECONDS_UTC, nullable=False),
        pa.field("first_seen_at", SECONDS_UTC, nullable=False),
        pa.field("mime", pa.string()),
        pa.field("text_given", pa.bool_(), nullable=False),  # it came as text: no page to extract it from again
        pa.field("license", pa.string()),  # that the page, or its host by RSL, states
        pa.field("license_url", pa.string()),
        pa.field("language", pa.string(), nullable=False),
        pa.field("language_score", pa.float32(), nullable=False),
        pa.field("text", pa.string(), nullable=False),  # NFC, paragraphs separated by one newline
        pa.field("n_words", pa.int32(), nullable=False),
        pa.field("quality", QUALITY, nullable=False),  # the figure that each rule decided on
        pa.field("verdicts", VERDICTS, nullable=False),  # what each language identifier answered
        pa.field("health", pa.float32()),  # health relevance, 0 to 1
        pa.field("masked", MASKED, nullable=False),  # how much personal data of each kind was masked
        pa.field("text_digest", pa.string(), nullable=False),  # SHA-256 of the text's UTF-8, first 32 digits
        pa.field("cluster_id", pa.string()),  # id of the cluster's keeper; null before deduplication
        pa.field("cluster_size", pa.int32()),
        pa.field("warc_file", pa.string(), nullable=False),  # relative to store/warc, or the name given
        pa.field("warc_offset", pa.int64(), nullable=False),
        pa.field("recipe", pa.string(), nullable=False),
    ]
)
"""A kept page. The corpus has these columns; so have the files that cleaning writes."""

DROPPED_SCHEMA = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("host", pa.string(), nullable=False),
        pa.field("site", pa.string()),
        pa.field("status", pa.int16()),  # HTTP status, null where the record has none
        pa.field("fetched_at", SECONDS_UTC, nullable=False),
        pa.field("warc_file", pa.string(), nullable=False),
        pa.field("warc_offset", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),  # a path: language/gl, quality/too_short, http/404 …
        pa.field("figure", pa.float32()),  # the number that decided, where there is one
        pa.field("n_words", pa.int32()),  # words of its text, null where none was extracted
        pa.field("detail", pa.string()),  # what a person would want to know beside it
        pa.field("lost_to", pa.string()),  # id of the document that a duplicate lost to, or URL that a page moved to
        pa.field("recipe", pa.string(), nullable=False),
    ]
)
"""A page that is not in the corpus: its WARC record and the reason."""

DICTIONARY_COLUMNS = (
    *("host", "site", "country", "category", "mime", "source", "license", "license_url", "language"),
    *("warc_file", "recipe", "reason", "status"),
)
"""Columns with few distinct values, for which a Parquet dictionary saves space."""

IN_MEMORY_DICTIONARIES = ("warc_file", "recipe")
"""Columns with very few distinct values; tables of all pages hold them as Arrow dictionaries to save memory."""


def wide(schema: pa.Schema) -> pa.Schema:
    """The schema for tables of all pages: strings have 64-bit offsets, because 32-bit ones end at 2 GB a column."""
    return pa.schema([field.with_type(_wide(field)) for field in schema])


def _wide(field: pa.Field) -> pa.DataType:
    if field.name in IN_MEMORY_DICTIONARIES:
        return pa.dictionary(pa.int32(), pa.string())
    return pa.large_string() if field.type == pa.string() else field.type


WIDE_DOCUMENT_SCHEMA = wide(DOCUMENT_SCHEMA)
WIDE_DROPPED_SCHEMA = wide(DROPPED_SCHEMA)
