"""The HTTP tool under edit: what its widgets change in the draft."""

import msgspec

from core.services.http_drafts import HttpDraft, Pairs
from pages.components import drafting

Form = drafting.Form[HttpDraft]
Change = drafting.Change[HttpDraft]
KIND = "http"


def put_pair(field: str, place: int, part: int) -> Change:
    """The change that sets the name (0) or the value (1) of one row; a row beyond the last is added."""

    def change(draft: HttpDraft, value: str | None) -> HttpDraft:
        rows = [list(pair) for pair in getattr(draft, field)]
        if place == len(rows):
            rows.append(["", ""])
        rows[place][part] = value or ""
        return msgspec.structs.replace(draft, **{field: tuple((name, text) for name, text in rows)})

    return change


def without_pair(draft: HttpDraft, field: str, place: int) -> HttpDraft:
    rows: Pairs = getattr(draft, field)
    return msgspec.structs.replace(draft, **{field: rows[:place] + rows[place + 1 :]})
