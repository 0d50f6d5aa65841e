"""The WARC named fields of our own, by which the crawler tells cleaning what only it knows.

WARC 1.1 lets a writer add named fields; a reader that does not know them passes over them. A record that a source
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
"""What stands in the page's place, as ``blocked/cloudflare``, ``sick/maintenance`` or ``soft/home``: the answer is not
the page's, and what was made of the page before stays."""
ORIGIN = "CoWeSe-Origin"
"""Where a source found the record: unique within the source, as ``crawl-data/….warc.gz 1024+2048`` or an address."""
LICENSE = "CoWeSe-License"
"""Licence that a source gives for the record: an SPDX identifier, or as it is written."""
LICENSE_URL = "CoWeSe-License-URL"
"""Address of that licence."""
FORGOTTEN = "CoWeSe-Forgotten"
"""The receipt under which a record was blanked: nothing is left of it but its kind, its id and its date."""
FORGOTTEN_URL = "cowese://forgotten/"
"""Begins the target of a blanked record; behind it stands a salted hash of the page's address."""
