"""Word (.docx, ECMA-376): paragraphs with their headings, a row of a table a block, notes at the end."""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator

from lxml import etree

from core.clients.documents.told import Limits, Told, UnreadableError
from core.domain.blocks import clean
from core.domain.passages import Block, Reading

_PART_BYTES = 100_000_000
"""Of one part unpacked: a small file may say that it holds much more."""
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DOCUMENT, _STYLES = "word/document.xml", "word/styles.xml"
_NOTES = ("word/footnotes.xml", "word/endnotes.xml")
_HEADING = re.compile(r"heading ([1-6])", re.IGNORECASE)
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def read_docx(content: bytes, limits: Limits) -> Told:
    """What was deleted under review is left out, what was inserted is there. Raises `UnreadableError`."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            return _read(package, limits)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnreadableError(f"is no Word document (.docx) ({type(error).__name__})") from None
    except etree.XMLSyntaxError as error:
        raise UnreadableError(f"is a broken Word document ({error.msg})") from None


def _read(package: zipfile.ZipFile, limits: Limits) -> Told:
    names = set(package.namelist())
    if _DOCUMENT not in names:
        raise UnreadableError("is no Word document (.docx)")
    levels = _levels(_part(package, _STYLES)) if _STYLES in names else {}
    blocks, chars = list[Block](), 0
    for name in (_DOCUMENT, *(name for name in _NOTES if name in names)):
        for text, level in _texts(_part(package, name), levels):
            blocks.append(Block(clean(text), level, len(blocks) + 1))
            chars += len(text)
            if chars > limits.chars:
                break
    return Told(reading=Reading(tuple(blocks), "paragraph"))


def _part(package: zipfile.ZipFile, name: str) -> etree._Element:
    size = package.getinfo(name).file_size
    if size > _PART_BYTES:
        raise UnreadableError(f"unpacks to more than {_PART_BYTES // 1_000_000} MB")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    return etree.fromstring(package.read(name), parser)


def _levels(styles: etree._Element) -> dict[str, int]:
    """The heading levels by the id of a style: ids are translated, the names of built-in styles are not."""
    levels: dict[str, int] = {}
    for style in styles.iter(f"{_W}style"):
        name = style.find(f"{_W}name")
        found = name is not None and name.get(f"{_W}val", "")
        if found and (heading := _HEADING.fullmatch(found)):
            levels[style.get(f"{_W}styleId", "")] = int(heading[1])
        elif found == "Title":
            levels[style.get(f"{_W}styleId", "")] = 1
    return levels


def _texts(node: etree._Element, levels: dict[str, int]) -> Iterator[tuple[str, int]]:
    """Texts with their heading levels, in order. The parser bounds the depth."""
    for child in node:
        if child.tag == f"{_W}p":
            if text := _text(child).strip():
                yield text, levels.get(_style(child), 0)
        elif child.tag == f"{_W}tr":
            if text := _row(child):
                yield text, 0
        elif child.tag != _FALLBACK:
            yield from _texts(child, levels)


def _row(row: etree._Element) -> str:
    cells = (" ".join(_text(part).strip() for part in cell.iter(f"{_W}p")) for cell in row.iter(f"{_W}tc"))
    return " | ".join(cell for cell in cells if cell.strip())


def _text(paragraph: etree._Element) -> str:
    """The same text box stands in a paragraph twice: for programs that know it, and for others."""
    pieces = list[str]()
    for node in paragraph.iter(f"{_W}t", *_BREAKS):
        if not any(above.tag == _FALLBACK for above in node.iterancestors()):
            pieces.append(_BREAKS.get(node.tag) or node.text or "")
    return "".join(pieces)


def _style(paragraph: etree._Element) -> str:
    style = paragraph.find(f"{_W}pPr/{_W}pStyle")
    return "" if style is None else style.get(f"{_W}val", "")
