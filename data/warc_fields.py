"""Our own WARC named fields: they carry what only the crawler knows to cleaning.

WARC 1.1 lets a writer add named fields; a reader that does not know them ignores them. A record that a source
copies byte for byte has none: a ``metadata`` record right before it, which refers to it, carries them. A WARC file
without them (another crawler's) cleans as well.
"""

SEED = "CoWeSe-Seed"
"""Start URL that the page was reached from."""
COUNTRY = "CoWeSe-Country"
"""Country code of that seed, as in the seed list."""
CATEGORY = "CoWeSe-Category"
"""Category of that seed."""
REFUSAL = "CoWeSe-Refusal"
"""What was served instead of the page: ``blocked/cloudflare``, ``sick/maintenance`` or ``soft/home``. The documents of
the page's earlier visit stay."""
ORIGIN = "CoWeSe-Origin"
"""Origin of the record, unique within its source: ``crawl-data/….warc.gz 1024+2048`` or an address."""
LICENSE = "CoWeSe-License"
"""Licence that a source states for the record: an SPDX identifier, or the original text."""
LICENSE_URL = "CoWeSe-License-URL"
"""Address of that licence."""
FORGOTTEN = "CoWeSe-Forgotten"
"""The receipt of a blanked record; only its type, id and date are left."""
FORGOTTEN_URL = "cowese://forgotten/"
"""Prefix of a blanked record's target; a salted hash of the page's address follows."""
