"""Collections with documents in them."""

import time

from core.bootstrap import App
from core.domain.attachment import Upload
from core.domain.knowledge import Collection, Document
from core.domain.result import Ok

HANDBOOK = """# Returns

Goods come back within 30 days. Keep the receipt.

## Refunds

A refund is paid within 14 days after the parcel has arrived at our warehouse.

# Shipping

Parcels leave on the day of the order.
"""
_LONGEST_S = 20.0


def made(app: App, name: str = "Handbook", **files: str | bytes) -> Collection:
    """A collection with these files (`handbook_md`: handbook.md), all of them read."""
    created = app.knowledge.create(name, "ada", "What the shop promises")
    assert isinstance(created, Ok), created
    put(app, created.value, **files)
    return created.value


def put(app: App, collection: Collection, **files: str | bytes) -> list[Document]:
    uploads = [
        Upload(".".join(name.rsplit("_", 1)), text.encode() if isinstance(text, str) else text)
        for name, text in files.items()
    ]
    taken = app.knowledge.put(collection.id, uploads, "ada")
    assert isinstance(taken, Ok), taken
    return read(app, collection)


def read(app: App, collection: Collection) -> list[Document]:
    """The documents once none of them is being read."""
    until_s = time.monotonic() + _LONGEST_S
    while True:
        found = list(app.knowledge.documents(collection.id))
        if all(one.state != "reading" for one in found):
            return found
        assert time.monotonic() < until_s
        time.sleep(0.02)
