"""Questions to a table of text in SQL, in a database of its own that lives for one call."""

import csv
import io
import re
import sqlite3
import time
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Annotated

import msgspec

from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.tools.executor import CannotDoError

TIME_LIMIT_S = 5.0
_MAX_ROWS = 100_000
_MAX_COLUMNS = 200
_MAX_RESULT_ROWS = 500
_MAX_VALUE_BYTES = 1_000_000
_MAX_HEAP_BYTES = 256 * 2**20
_STEPS_A_LOOK = 10_000
_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,17})?(?:[eE][+-]?\d{1,2})?")

Cell = str | int | float | bytes | None


@dataclass(frozen=True, slots=True)
class _Table:
    columns: list[str]
    rows: list[list[Cell]]


def query_table(
    table: Annotated[
        str, msgspec.Meta(max_length=4_000_000), "The table as CSV or TSV text, headings in its first line."
    ],
    sql: Annotated[str, msgspec.Meta(max_length=10_000), "One SQLite SELECT statement; the table is called data."],
) -> ToolResult:
    """Answer a question about a table of text with SQL: filter, group, sum, sort.

    Numbers are recognized column by column; empty cells are NULL. Column names keep their spelling: quote
    those with spaces, as in "unit price".
    """
    content = _read(table)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        _load(connection, content)
        _lock(connection, time.monotonic() + TIME_LIMIT_S)
        columns, rows = _ask(connection, sql, content)
    more = len(rows) > _MAX_RESULT_ROWS
    rows = rows[:_MAX_RESULT_ROWS]
    note = f"\n(only the first {_MAX_RESULT_ROWS} rows; ask for fewer, or for sums)" if more else ""
    return ToolResult(_written(columns, rows) + note, data={"columns": columns, "rows": rows})


def _read(text: str) -> _Table:
    heading = text.lstrip("\ufeff").lstrip()
    delimiter = max("\t,;|", key=heading.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(heading), delimiter=delimiter, skipinitialspace=True)
    try:
        columns = _columns(next(reader, []))
        rows = [row for row in islice(reader, _MAX_ROWS + 1) if row]
    except csv.Error as error:
        raise CannotDoError(f"The table cannot be read: {error}.") from None
    if len(rows) > _MAX_ROWS:
        raise CannotDoError(f"The table has more than {_MAX_ROWS:,} rows.")
    return _Table(columns, _typed([_fitted(row, len(columns), number) for number, row in enumerate(rows, 2)]))


def _columns(names: list[str]) -> list[str]:
    """Usable headings: none empty, none twice (SQLite does not tell capitals apart)."""
    if not names or len(names) > _MAX_COLUMNS:
        raise CannotDoError(f"The first line of the table must name its columns, at most {_MAX_COLUMNS}.")
    unique: dict[str, str] = {}
    for place, name in enumerate(names, 1):
        wanted = name.strip() or f"column{place}"
        while wanted.casefold() in unique:
            wanted += "_"
        unique[wanted.casefold()] = wanted
    return list(unique.values())


def _fitted(row: list[str], width: int, line: int) -> list[Cell]:
    if len(row) > width:
        raise CannotDoError(f"Row {line} of the table has {len(row)} cells, and the heading {width}.")
    cells: list[Cell] = [cell.strip() or None for cell in row]
    return cells + [None] * (width - len(row))


def _typed(rows: list[list[Cell]]) -> list[list[Cell]]:
    """Numbers where a whole column is numbers. 007 stays text: whoever wrote it meant the zeros."""
    typed = [_typed_column(list(cells)) for cells in zip(*rows, strict=True)]
    return [list(row) for row in zip(*typed, strict=True)]


def _typed_column(cells: list[Cell]) -> list[Cell]:
    texts = [cell for cell in cells if isinstance(cell, str)]
    if all(_INTEGER.fullmatch(text) for text in texts):
        return [int(cell) if isinstance(cell, str) else None for cell in cells]
    if all(_NUMBER.fullmatch(text) for text in texts):
        return [float(cell) if isinstance(cell, str) else None for cell in cells]
    return cells


def _load(connection: sqlite3.Connection, content: _Table) -> None:
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in content.columns)
    connection.execute(f"CREATE TABLE data ({names})")
    places = ", ".join("?" * len(content.columns))
    connection.executemany(f"INSERT INTO data VALUES ({places})", content.rows)  # noqa: S608 (question marks only)


def _lock(connection: sqlite3.Connection, until: float) -> None:
    """From here on: reading only, in bounded time, with bounded values and memory."""
    # The heap limit holds for every SQLite database of the process; this is the only place that uses one.
    connection.execute(f"PRAGMA hard_heap_limit = {_MAX_HEAP_BYTES}")
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _MAX_VALUE_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 500)
    connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS_A_LOOK)
    connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY)


def _ask(connection: sqlite3.Connection, sql: str, content: _Table) -> tuple[list[str], list[list[Json]]]:
    try:
        cursor = connection.execute(sql)
        rows = cursor.fetchmany(_MAX_RESULT_ROWS + 1)
    except MemoryError:
        raise CannotDoError("The question needs more memory than it may have. Ask for less.") from None
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise CannotDoError(_reason(str(error), content)) from None
    if cursor.description is None:
        raise CannotDoError("Only SELECT is allowed.")
    return [entry[0] for entry in cursor.description], [[_plain(cell) for cell in row] for row in rows]


def _reason(message: str, content: _Table) -> str:
    if message == "interrupted":
        return f"The question took longer than {TIME_LIMIT_S:g} seconds. Ask for less."
    if "not authorized" in message or "prohibited" in message:
        return f"Only SELECT over the table data is allowed ({message})."
    return f"SQLite says: {message}. The table is data, its columns are {', '.join(content.columns)}."


def _plain(cell: Cell) -> Json:
    return cell.hex() if isinstance(cell, bytes) else cell


def _written(columns: list[str], rows: list[list[Json]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue().rstrip("\n")
