import asyncio
import json

import psutil
import pytest

from core.tools.builtin import python, table
from core.tools.builtin.jsonquery import query_json
from core.tools.builtin.python import run_python
from core.tools.builtin.table import query_table
from core.tools.executor import CannotDoError
from core.tools.python.sandbox import Bounds

SHOP = '{"items":[{"name":"pen","price":2},{"name":"bag","price":30.5}],"big":9007199254740993}'


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("items[?price > `10`].name", ["bag"]),
        ("items[0].name", "pen"),
        ("items[*].[name, price]", [["pen", 2], ["bag", 30.5]]),
        ("length(items)", 2),
        ("sum(items[].price)", 32.5),
        ("big", 9007199254740993),
        ("nothing", None),
        ("join(', ', items[].name)", "pen, bag"),
        ("sort_by(items, &price)[-1].{n: name}", {"n": "bag"}),
        ("max_by(items, &price).name", "bag"),
    ],
)
def test_query_json(expression, value):
    result = query_json(SHOP, expression)
    assert result.data == value
    assert json.loads(result.text) == value


def test_json_may_come_as_a_value():
    assert query_json({"a": [1, 2]}, "a[1]").data == 2
    assert query_json([1, 2], "[0]").data == 1


@pytest.mark.parametrize(
    ("data", "expression", "reason"),
    [
        ("{", "a", "not valid JSON"),
        ('{"a":NaN}', "a", "NaN"),
        (SHOP, "items[", "does not work"),
        (SHOP, "", "does not work"),
        (SHOP, "nope(items)", "does not work"),
        (SHOP, "sum(items[].name)", "does not work"),
        (SHOP, "(" * 900, "does not work"),
    ],
)
def test_query_json_refusals(data, expression, reason):
    with pytest.raises(CannotDoError, match=reason):
        query_json(data, expression)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "expression",
    [
        "|".join(["[@,@]"] * 60),
        "|".join(["[@,@][]"] * 60),
        "|".join(["{a:@,b:@}"] * 60),
        "|".join(["[@,@]"] * 40) + "|to_string(@)",
        "|".join(["[@,@]"] * 24) + "|@ == [" + "|".join(["[@,@]"] * 24) + "]",
        "|".join(["[items,items][]"] + ["[@,@,@,@,@,@][]"] * 30) + "|map(&name, @)",
        "|".join(["join(@, [@,@,@])"] * 40),
        "|".join(["[@,@][]"] * 18) + "|join(big_text, [*].name)",
    ],
)
def test_expressions_that_explode_are_stopped(expression):
    data = {"items": [{"name": "x"}] * 50, "name": "y" * 1000, "big_text": "z" * 100_000}
    start = "name|" if "join(@" in expression else ""
    with pytest.raises(CannotDoError, match=r"too much data|does not work|longer than"):
        query_json(data, start + expression)


TABLE = 'city,people,"area km2",code,founded\nOslo,709037,454,007,\nBergen,291940,465.5,013,1070\n'


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT city FROM data ORDER BY people", [["Bergen"], ["Oslo"]]),
        ("SELECT sum(people) FROM data", [[1000977]]),
        ("SELECT \"area km2\" FROM data WHERE city = 'Oslo'", [[454.0]]),
        ("SELECT code, typeof(code) FROM data LIMIT 1", [["007", "text"]]),
        ("SELECT founded FROM data", [[None], [1070]]),
        ("SELECT typeof(people), typeof(founded) FROM data LIMIT 1", [["integer", "null"]]),
        ("WITH big AS (SELECT * FROM data WHERE people > 500000) SELECT count(*) FROM big", [[1]]),
        ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<3) SELECT i FROM n", [[1], [2], [3]]),
        ("SELECT x'00ff'", [["00ff"]]),
        ("SELECT 1 WHERE 0", []),
        ("SELECT CITY FROM DATA LIMIT 1;", [["Oslo"]]),
    ],
)
def test_query_table(sql, rows):
    assert query_table(TABLE, sql).data["rows"] == rows


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("a\tb\n1\t2", ["a", "b"]),
        ("a;b\n1;2", ["a", "b"]),
        ("a|b\n1|2", ["a", "b"]),
        ("\ufeffa,b\n1,2", ["a", "b"]),
        ("a,A,\n1,2,3", ["a", "A_", "column3"]),
        ('"say ""hi""",b\n1,2', ['say "hi"', "b"]),
        ("a,b\n1", ["a", "b"]),
        ("a,b", ["a", "b"]),
        ('a,b\n"x\ny",2\n\n', ["a", "b"]),
    ],
)
def test_tables_in_many_dialects(text, columns):
    assert query_table(text, "SELECT * FROM data").data["columns"] == columns


def test_the_answer_is_a_table_again():
    assert query_table(TABLE, "SELECT city, people FROM data").text == "city,people\nOslo,709037\nBergen,291940"


def test_long_answers_are_cut_with_a_note():
    numbers = "n\n" + "\n".join(map(str, range(1000)))
    result = query_table(numbers, "SELECT n FROM data")
    assert len(result.data["rows"]) == 500
    assert result.text.endswith("(only the first 500 rows; ask for fewer, or for sums)")


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("DELETE FROM data", "Only SELECT"),
        ("DROP TABLE data", "Only SELECT"),
        ("INSERT INTO data VALUES (1)", "Only SELECT|SQLite says"),
        ("UPDATE data SET city = 'x'", "Only SELECT"),
        ("CREATE TABLE t (a)", "Only SELECT"),
        ("ATTACH DATABASE '/tmp/x.db' AS x", "Only SELECT"),
        ("PRAGMA database_list", "Only SELECT"),
        ("PRAGMA hard_heap_limit = 1", "Only SELECT"),
        ("VACUUM INTO '/tmp/x.db'", "Only SELECT|SQLite says"),
        ("BEGIN", "Only SELECT"),
        ("SELECT load_extension('/tmp/x.so')", "Only SELECT|SQLite says"),
        ("SELECT readfile('/etc/passwd')", "no such function"),
        ("SELECT * FROM pragma_database_list", "Only SELECT|SQLite says"),
        ("SELECT 1; SELECT 2", "SQLite says"),
        ("", "Only SELECT"),
        ("SELECT nope FROM data", "its columns are city, people, area km2, code, founded"),
        ("SELECT zeroblob(2000000)", "SQLite says|more memory"),
    ],
)
def test_query_table_only_reads(sql, reason):
    with pytest.raises(CannotDoError, match=reason):
        query_table(TABLE, sql)


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT i, hex(randomblob(50000)) FROM n ORDER BY 2",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT group_concat(hex(zeroblob(400000))) FROM n",
    ],
)
def test_questions_without_end_are_stopped(sql, monkeypatch):
    monkeypatch.setattr(table, "TIME_LIMIT_S", 1.5)
    before = psutil.Process().memory_info().rss
    with pytest.raises(CannotDoError, match=r"longer than 1\.5 seconds|more memory|too big"):
        query_table(TABLE, sql)
    assert psutil.Process().memory_info().rss - before < 400 * 2**20


@pytest.mark.parametrize(
    ("text", "reason"), [("", "must name its columns"), ("a,b\n1,2,3", "has 3 cells"), ("," * 300, "at most 200")]
)
def test_tables_that_are_none(text, reason):
    with pytest.raises(CannotDoError, match=reason):
        query_table(text, "SELECT 1")


@pytest.mark.parametrize(
    ("code", "text", "data"),
    [
        ("1 + 1", "2", 2),
        ("print('hi')\n[1, 2]", "hi\n[1, 2]", [1, 2]),
        ("x = 3", "(the program ended without printing anything)", None),
        ("print('a')\nprint('b')", "a\nb", None),
        ("import math\nround(math.pi, 2)", "3.14", 3.14),
        ("'text'", "'text'", "text"),
        ("10**400", "1" + "0" * 400, 10**400),
        ("class A:\n    pass\nA()", None, None),
        ("lambda x: x", None, None),
    ],
)
async def test_run_python(code, text, data):
    result = await run_python(code)
    assert text is None or result.text == text
    assert text is None or result.data == data


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("print('before')\nnope", "before\nTraceback"),
        ("x = (", "SyntaxError"),
        ("open('/etc/passwd').read()", "PermissionError|Permission denied"),
        ("import os\nos.listdir('/')", "PermissionError|Permission denied"),
        ("import os\nos.environ", "not supported"),
        ("import os\nos.system('id')", "Error"),
        ("import subprocess", "ModuleNotFoundError"),
        ("import socket", "ModuleNotFoundError"),
        ("import numpy", "ModuleNotFoundError"),
        ("[0] * 10**10", "MemoryError"),
        ("print('y' * 20_000_000)", "MemoryError"),
        ("def f(n):\n    return f(n + 1)\nf(0)", "RecursionError"),
        ("import time\ntime.sleep(1000)", "TimeoutError"),
    ],
)
async def test_programs_that_fail_say_so_and_reach_nothing(code, reason):
    with pytest.raises(CannotDoError, match=reason):
        await run_python(code)


@pytest.mark.timeout(10)
async def test_a_program_without_end_is_stopped_by_its_limit(monkeypatch):
    monkeypatch.setattr(python, "Bounds", lambda: Bounds(seconds=0.5))
    with pytest.raises(CannotDoError, match="TimeoutError"):
        await run_python("while True:\n    pass")


@pytest.mark.timeout(5)
async def test_cancelling_ends_the_program_at_once():
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    task = asyncio.create_task(run_python("while True:\n    pass"))
    while not (started := {child.pid for child in psutil.Process().children(recursive=True)} - before):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    while any(psutil.pid_exists(pid) for pid in started):
        await asyncio.sleep(0.01)
