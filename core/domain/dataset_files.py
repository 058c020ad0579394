"""Datasets as CSV and JSONL. Reading says which line is wrong; what was written reads back the same."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.dataset import Item
from core.domain.result import Err, Ok, Result
from core.domain.strict_json import NotJsonError

FileFormat = Literal["csv", "jsonl"]
ITEM_LIMIT = 50_000
TEXT_LIMIT_CHARS = 100_000
_OWN = ("input", "expected", "notes", "variables")
_SYNONYMS = {"prompt": "input", "question": "input", "answer": "expected", "ideal": "expected", "output": "expected"}
"""What others call these columns; taken only where the column itself is missing."""
_DELIMITERS = ",;\t"


def format_of(name: str) -> FileFormat | None:
    """By the ending of a file's name; None for others."""
    lowered = name.lower()
    if lowered.endswith((".csv", ".tsv")):
        return "csv"
    return "jsonl" if lowered.endswith((".jsonl", ".ndjson")) else None


def decoded(content: bytes) -> Result[str]:
    """The text of a file; a byte order mark is no part of it."""
    try:
        return Ok(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Err("invalid", f"Line {line} is not UTF-8. Save the file as UTF-8 and try again.")


def read_items(text: str, form: FileFormat) -> Result[tuple[Item, ...]]:
    """Every item of a file, or what is wrong with the first bad line."""
    items: list[Item] = []
    try:
        for line, fields in _rows_of_csv(text) if form == "csv" else _rows_of_jsonl(text):
            if len(items) == ITEM_LIMIT:
                return Err("invalid", f"The file has more than {ITEM_LIMIT:,} items.")
            item = _item(fields)
            if isinstance(item, str):
                return Err("invalid", f"Line {line}: {item}")
            items.append(item)
    except (csv.Error, NotJsonError) as error:
        return Err("invalid", str(error))
    return Ok(tuple(items)) if items else Err("invalid", "The file has no items.")


def to_csv(items: Iterable[Item]) -> str:
    """With a column a variable; the same items always give the same text."""
    listed = list(items)
    names = sorted({name for item in listed for name in item.variables})
    plain = [name for name in names if name.lower() not in {*_OWN, *_SYNONYMS}]
    head = ["input", *plain, "expected", "notes", *(["variables"] if len(plain) < len(names) else [])]
    out = io.StringIO()
    writer = csv.DictWriter(out, head, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for item in listed:
        row = {name: value for name, value in item.variables.items() if name in plain}
        rest = {name: value for name, value in item.variables.items() if name not in plain}
        own = {"input": item.input, "expected": item.expected, "notes": item.notes}
        writer.writerow(row | own | {"variables": json.dumps(rest, ensure_ascii=False) if rest else ""})
    return out.getvalue()


def to_jsonl(items: Iterable[Item]) -> str:
    return "".join(json.dumps(_fields(item), ensure_ascii=False) + "\n" for item in items)


def _fields(item: Item) -> dict[str, Json]:
    rest = {"variables": item.variables, "expected": item.expected, "notes": item.notes}
    return {"input": item.input, **{name: value for name, value in rest.items() if value}}


Rows = Iterator[tuple[int, dict[str, Json]]]


def _rows_of_csv(text: str) -> Rows:
    csv.field_size_limit(max(csv.field_size_limit(), TEXT_LIMIT_CHARS * 4))
    first = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    head = [name.strip() for name in next(reader, [])]
    if "" in head or len(set(head)) < len(head):
        raise csv.Error("Line 1: every column needs a name of its own.")
    begins = reader.line_num + 1
    for row in reader:
        if len(row) > len(head):
            raise csv.Error(f"Line {begins}: it has {len(row)} fields and the first line names {len(head)}.")
        if any(row):
            yield begins, dict(zip(head, row, strict=False))
        begins = reader.line_num + 1


def _rows_of_jsonl(text: str) -> Rows:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            value = strict_json.read(line)
        except NotJsonError as error:
            raise NotJsonError(f"Line {number}: {error}.") from None
        if not isinstance(value, dict):
            raise NotJsonError(f'Line {number}: it is not an object such as {{"input": …}}.')
        yield number, value


def _item(fields: Mapping[str, Json]) -> Item | str:
    """The item, or what is wrong with the line."""
    named = _named(fields)
    variables = _variables(named)
    if isinstance(variables, str):
        return variables
    texts = {name: _text(named.get(name)) for name in ("input", "expected", "notes")}
    if not texts["input"].strip():
        return "it has no input. A column or field named input is needed."
    if any(len(text) > TEXT_LIMIT_CHARS for text in (*texts.values(), *variables.values())):
        return f"a text is longer than {TEXT_LIMIT_CHARS:,} characters."
    return Item(**texts, variables=variables)


def _named(fields: Mapping[str, Json]) -> dict[str, Json]:
    known = {name.lower() if name.lower() in _OWN else name: value for name, value in fields.items()}
    for name in list(known):
        wanted = _SYNONYMS.get(name.lower())
        if wanted is not None and wanted not in known:
            known[wanted] = known.pop(name)
    return known


def _variables(fields: Mapping[str, Json]) -> dict[str, str] | str:
    """Those of the field `variables`, and every other field by its name."""
    given = fields.get("variables") or {}
    if isinstance(given, str):
        try:
            given = strict_json.read(given)
        except NotJsonError as error:
            return f"variables is not JSON: {error}."
    if not isinstance(given, dict):
        return "variables is not an object of names and values."
    others = {name: value for name, value in fields.items() if name not in _OWN}
    return {name: _text(value) for name, value in {**others, **given}.items() if value not in (None, "")}


def _text(value: Json) -> str:
    match value:
        case None:
            return ""
        case str():
            return value
        case _:
            return json.dumps(value, ensure_ascii=False)
