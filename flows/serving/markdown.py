"""Markdown as a page for the browser: the cards of corpus and models."""

import html

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ max-width: 52rem; margin: 2rem auto; padding: 0 1rem; font: 1rem/1.5 system-ui, sans-serif; color: #222; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #ccc; padding: .25rem .6rem; text-align: left; vertical-align: top; }}
pre {{ background: #f4f4f4; padding: .8rem; overflow: auto; }}
code {{ font-size: .9em; }}
details {{ color: #555; }}
</style>
{front}{body}
</html>
"""
_FENCE = "---\n"


def markdown_page(text: str, title: str) -> str:
    """A whole HTML page. Raw HTML in the text is shown as text; the YAML block at its head is folded away."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - a process that only serves logs does not need it

    front, body = _split(text)
    rendered = MarkdownIt("commonmark", {"html": False}).enable("table").render(body)
    folded = f"<details><summary>metadata</summary><pre>{html.escape(front)}</pre></details>\n" if front else ""
    return _PAGE.format(title=html.escape(title), front=folded, body=rendered)


def _split(text: str) -> tuple[str, str]:
    """The YAML block at the head of a card, without its fences, and the rest."""
    if text.startswith(_FENCE):
        front, fence, body = text.removeprefix(_FENCE).partition(f"\n{_FENCE}")
        if fence:
            return front, body
    return "", text
