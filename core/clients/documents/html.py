"""HTML: headings and paragraphs, a row of a table a block. Nothing is fetched and nothing is executed."""

import codecs
import re
from collections.abc import Iterator

from lxml import etree, html

from core.clients.documents.told import Limits, Told, UnreadableError
from core.domain.blocks import clean
from core.domain.passages import Block, Reading

_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_INLINE = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|img|ins|kbd|label|mark|q|ruby|"
    "rb|rp|rt|s|samp|small|span|strike|strong|sub|sup|time|tt|u|var|wbr"
)
_CELLS = frozenset({"td", "th"})
_SILENT = frozenset({"script", "style", "noscript", "template", "svg", "head", "nav", "iframe", "object", "select"})
"""What no reader reads as the page's text."""
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([a-zA-Z0-9_.:-]{1,40})", re.IGNORECASE)
_HEAD_BYTES = 4_096
_BREAK = "\x0b"
"""Where a line ends on the page; no HTML has this character."""


def read_html(content: bytes, limits: Limits) -> Told:
    """Raises `UnreadableError`."""
    parser = html.HTMLParser(encoding=_encoding(content), huge_tree=True)
    try:
        root = html.document_fromstring(content, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise UnreadableError(f"cannot be read as HTML ({type(error).__name__})") from None
    if any("depth" in error.message for error in parser.error_log):  # what is deeper was left out
        raise UnreadableError("is nested too deeply")
    blocks, chars = list[Block](), 0
    for text, level in _texts(root):
        blocks.append(Block(clean(text), level, len(blocks) + 1))
        chars += len(text)
        if chars > limits.chars:
            break
    return Told(reading=Reading(tuple(blocks), "paragraph"))


def _encoding(content: bytes) -> str:
    """What the file says of itself, else UTF-8 where it is that, else the Web's own default."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    told = _CHARSET.search(content[:_HEAD_BYTES])
    if told and _is_known(name := told[1].decode()):
        return name
    try:
        content.decode()
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _is_known(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _texts(root: etree._Element) -> Iterator[tuple[str, int]]:
    """Texts between the borders of blocks, with their heading levels."""
    pieces, heading = list[str](), 0
    for border, text in _pieces(root):
        if not border:
            pieces.append(text)
            continue
        if joined := _joined(pieces):
            yield joined, heading
        pieces, heading = [], _HEADINGS.get(border, 0)


def _pieces(root: etree._Element) -> Iterator[tuple[str, str]]:
    """Texts in their order; with a name, the border of a block instead: which begins, or `/` where one ends."""
    silent: etree._Element | None = None
    verbatim: etree._Element | None = None
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = node.tag if isinstance(node.tag, str) else ""
        begins = event == "start"
        if silent is None and begins and name in _SILENT:
            silent = node
        elif silent is None and name and _divides(name):
            yield (name if begins else "/"), ""
        verbatim = verbatim if verbatim is not None or name != "pre" or not begins else node
        if silent is None and begins:
            yield "", _said(node.text, verbatim is not None)
        silent, verbatim = (None if not begins and one is node else one for one in (silent, verbatim))
        if silent is None and not begins:
            yield "", _BREAK * (name == "br") + " | " * (name in _CELLS) + _said(node.tail, verbatim is not None)
    yield "/", ""


def _said(text: str | None, is_verbatim: bool) -> str:
    """Elsewhere than in preformatted text the end of a line is a space like any other."""
    return (text or "").replace("\n", _BREAK if is_verbatim else " ")


def _divides(name: str) -> bool:
    return not _INLINE.fullmatch(name) and name not in _CELLS and name != "br"


def _joined(pieces: list[str]) -> str:
    """White space as a browser shows it."""
    lines = (" ".join(line.split()).strip(" |") for line in "".join(pieces).split(_BREAK))
    return "\n".join(line for line in lines if line)
