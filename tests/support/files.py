"""Small real files: images of every kind, a PDF with text, one without."""

import io

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from tests.support.answers import Answer, status


def listing(**sees: bool) -> Answer:
    """A list of models that says of each whether it can see."""
    return status(200, {"data": [{"id": name, "supports_vision": able} for name, able in sees.items()]})


SEES = listing(scripted=True)
BLIND = listing(scripted=False)


def image(kind: str = "PNG", size: tuple[int, int] = (4, 3), colour: str = "#2B4F9E") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def pdf(*pages: str, password: str = "") -> bytes:
    """A page for each text; an empty text is a page without any, like a scan's."""
    writer = PdfWriter()
    for text in pages:
        page = writer.add_blank_page(300, 200)
        content = DecodedStreamObject()
        content.set_data(f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode() if text else b"")
        page[NameObject("/Contents")] = content
        font = {"/Type": "/Font", "/Subtype": "/Type1", "/BaseFont": "/Helvetica"}
        named = DictionaryObject({NameObject(key): NameObject(value) for key, value in font.items()})
        fonts = DictionaryObject({NameObject("/F1"): named})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    if password:
        writer.encrypt(password)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()
