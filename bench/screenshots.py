"""The two pictures of README: the page over a store in headless Chromium, as small PNGs.

python bench/screenshots.py --store demo/store [--to docs]

Takes the newest version: a list with a search, and a page beside its original. Chromium must be installed. Colours are
reduced to 64, which the pages have hardly more of; a picture then takes some 30 to 60 KB.
"""

import argparse
import io
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "shared"))

SIZE = (1100, 720)
FRAME = 5
"""Seconds until the frame of the original, a process of its own, has drawn."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--to", type=Path, default=Path("docs"))
    parser.add_argument("--words", default="hipertensión")
    options = parser.parse_args()
    from browse_room import serving
    from chromium import Browser

    from data.store import Store

    with serving(Store.open_for_reading(options.store)) as served, Browser() as browser:
        version = served.library.version("latest")
        browser.resize(*SIZE)
        browser.open(f"{served.address}v/{version}?q={options.words}&outcome=kept&hl=en")
        save(browser.screenshot(), options.to / "browse-find.png")
        first = browser.value("document.querySelector('.line a').getAttribute('href')")
        browser.open(f"{served.address.rstrip('/')}{first}")
        browser.until("document.querySelector('iframe') && document.readyState === 'complete'")
        time.sleep(FRAME)
        save(browser.screenshot(), options.to / "browse-page.png")


def save(picture: bytes, path: Path) -> None:
    from PIL import Image

    small = Image.open(io.BytesIO(picture)).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    print(f"{path}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
