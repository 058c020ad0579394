"""From what a Space gave to what a tool hands back."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from core.domain.attachment import Attachment
from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.tools.hub.space import SpaceEndpoint

MOST_FILES = 10


def paths_in(value: Json) -> Iterator[str]:
    """Where each file of a result lies, in order."""
    match value:
        case {"path": str(path), "meta": {"_type": "gradio.FileData"}}:
            yield path
        case dict():
            for one in value.values():
                yield from paths_in(one)
        case list():
            for one in value:
                yield from paths_in(one)


def result_of(
    endpoint: SpaceEndpoint, data: Sequence[Json], files: dict[str, Attachment], lost: Sequence[str]
) -> ToolResult:
    """What is told and shown. `files`: those that were fetched, by their path there; `lost`: why others are not."""
    named = [_named(value, files) for value in data]
    labels = [*endpoint.outputs, *(f"result {place}" for place in range(len(endpoint.outputs) + 1, len(data) + 1))]
    told = [_told(value) for value in named]
    if len(told) == 1:
        text, shown = told[0], _table(named[0])
    else:
        text, shown = "\n".join(f"{label}: {one}" for label, one in zip(labels, told, strict=False)), None
    text = "\n".join([text, *(f"(Left out: {why})" for why in lost)])
    value = shown if shown is not None else dict(zip(labels, named, strict=False))
    return ToolResult(text or "Done; it gave nothing back.", data=value, files=tuple(dict.fromkeys(files.values())))


def _named(value: Json, files: dict[str, Attachment]) -> Json:
    """The value with the name of a file in the place of where it lies."""
    match value:
        case {"path": str(path), "meta": {"_type": "gradio.FileData"}}:
            return files[path].name if path in files else "(a file that is not here)"
        case dict():
            return {name: _named(one, files) for name, one in value.items()}
        case list():
            return [_named(one, files) for one in value]
        case _:
            return value


def _told(value: Json) -> str:
    match value:
        case str():
            return value
        case {"confidences": list(rows)}:
            return ", ".join(f"{row['label']}: {row['confidence']:g}" for row in rows if _is_row(row))
        case None:
            return "nothing"
        case _:
            return msgspec.json.encode(value).decode()


def _table(value: Json) -> Json:
    """A table as such: of a data frame, and of labels with their confidence; None: it is none."""
    match value:
        case {"headers": list(columns), "data": list(rows)}:
            return {"columns": columns, "rows": rows}
        case {"confidences": list(given)}:
            return {
                "columns": ["label", "score"],
                "rows": [[row["label"], row["confidence"]] for row in given if _is_row(row)],
            }
        case _:
            return None


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("confidence"), int | float) and "label" in row
