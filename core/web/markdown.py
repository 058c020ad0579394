"""What models and people wrote, as HTML for a page without a script: no HTML of theirs, no image, no strange link."""

from functools import lru_cache

from markdown_it import MarkdownIt

_SCHEMES = ("https://", "http://", "mailto:")


def as_html(text: str) -> str:
    """Markdown as HTML. HTML in it stands there as text, images are left as their words."""
    html: str = _reader().render(text)
    return html


@lru_cache(maxsize=1)
def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "linkify": False}).enable("table").disable("image")
    reader.validateLink = _is_harmless  # type: ignore[method-assign]
    return reader


def _is_harmless(url: str) -> bool:
    return url.strip().lower().startswith(_SCHEMES)
