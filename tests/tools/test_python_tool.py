"""Python functions as tools: read without being executed, run where there is nothing to reach."""

import asyncio
import os
import time

import psutil
import pytest

from core.clients.outbound import Outbound
from core.domain.arguments import BadArguments, check_arguments
from core.domain.tool import ToolRequest
from core.tools.python.definition import PythonTool, tool_of
from core.tools.python.signature import NotAToolError, signature_of
from core.tools.toolbox import Toolbox
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets


def code(signature="x: str", body="return x", doc='"""Do it."""', before=""):
    return f"{before}\ndef do({signature}):\n    {doc}\n    {body}\n"


def schema(signature, before=""):
    return signature_of(code(signature, before=before)).parameters


async def call(written, arguments="{}", time_limit_s=None):
    tool = tool_of(written if isinstance(written, PythonTool) else PythonTool(code=written))
    checked = check_arguments(tool, arguments)
    assert not isinstance(checked, BadArguments), checked
    box = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets())
    try:
        limit_s = time_limit_s or tool.time_limit_s
        return await box.call(ToolRequest(tool=tool, arguments=checked, key="run/1.0", time_limit_s=limit_s))
    finally:
        box.close()


@pytest.mark.parametrize(
    ("annotation", "made"),
    [
        ("str", {"type": "string"}),
        ("int", {"type": "integer"}),
        ("float", {"type": "number"}),
        ("bool", {"type": "boolean"}),
        ("list", {"type": "array"}),
        ("list[int]", {"type": "array", "items": {"type": "integer"}}),
        ("dict[str, list[float]]", {
            "type": "object",
            "additionalProperties": {"type": "array", "items": {"type": "number"}},
        }),
        ("str | None", {"type": ["string", "null"]}),
        ("Optional[int]", {"type": ["integer", "null"]}),
        ("list[int] | str", {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "string"}]}),
        ("Literal['a', 'b', 3]", {"enum": ["a", "b", 3]}),
        ("typing.Literal[True]", {"enum": [True]}),
        ("Annotated[str, 'Its name']", {"type": "string", "description": "Its name"}),
        ("'list[str]'", {"type": "array", "items": {"type": "string"}}),
        ("Any", {}),
    ],
)  # fmt: skip
def test_types_become_schemas(annotation, made):
    assert schema(f"x: {annotation}")["properties"] == {"x": made}


def test_what_has_a_default_may_be_left_out():
    assert schema("a: int, b: str = 'x', *, c: bool, d: list[int] | None = None") == {
        "type": "object",
        "properties": {
            "a": {"type": "integer"},
            "b": {"type": "string", "default": "x"},
            "c": {"type": "boolean"},
            "d": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}], "default": None},
        },
        "required": ["a", "c"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("", "Write a function with def"),
        ("x = 1", "Write a function with def"),
        ("def do(:\n  pass", "not Python in line 1"),
        ("x\x00", "not Python"),
        ("(" * 5_000, "not Python"),
        ("def a():\n  'd'\ndef b():\n  'd'", "begin with an underscore: a, b"),
        ("async def do():\n  'd'", "cannot be async"),
        ("def _do():\n  'd'", "Write a function with def"),
        ("def do():\n  pass", "docstring"),
        (code("x"), "x has no type"),
        (code("*x: int"), "without names of their own"),
        (code("x: int, /"), "without names of their own"),
        (code("x: bytes"), "not known here: bytes"),
        (code("x: dict[int, str]"), "not known here"),
        (code("x: str = open('/etc/passwd')"), "has to be a plain value, not open"),
        (code("x: " + "list[" * 30 + "int" + "]" * 30), "nested too deeply"),
        ("def größe():\n  'd'", "letters, digits and underscores"),
        ("#" * 100_001, "longer than"),
    ],
)
def test_what_is_no_tool_is_told(written, words):
    with pytest.raises(NotAToolError, match=words):
        tool_of(PythonTool(code=written))


@pytest.mark.parametrize("bounds", [{"seconds": 0}, {"seconds": 61}, {"memory_mb": 0}, {"memory_mb": 2_000}])
def test_bounds_have_bounds(bounds):
    with pytest.raises(NotAToolError, match="at most 60 seconds"):
        tool_of(PythonTool(code=code(), **bounds))


def test_reading_executes_nothing(tmp_path):
    trap = tmp_path / "trap"
    signature_of(f"open({str(trap)!r}, 'w')\n" + code())
    assert not trap.exists()


async def test_a_call_gives_what_the_function_returns():
    helper = "from typing import Literal\n\ndef _twice(n: int) -> int:\n    return n * 2\n"
    written = code("n: int, unit: Literal['m', 'km'] = 'm'", "return {'n': _twice(n), 'unit': unit}", before=helper)
    result = await call(written, '{"n": 21}')
    assert (result.data, result.is_error) == ({"n": 42, "unit": "m"}, False)
    assert (await call(code(), '{"x": "as it is"}')).text == "as it is"
    assert (await call(code("", "print('seen')"))).text == "seen"


async def test_an_error_is_told_with_its_place():
    result = await call(code("n: int", "return 1 // n"), '{"n": 0}')
    assert result.is_error
    assert "ZeroDivisionError" in result.text
    assert "line" in result.text


@pytest.mark.parametrize(
    "body",
    [
        "return open('/etc/passwd').read()",
        "import os; return os.environ['HOME']",
        "import subprocess; return subprocess.run(['id'])",
        "import socket; return socket.socket()",
        "import urllib.request; return urllib.request.urlopen('http://127.0.0.1')",
        "return __import__('os').getcwd()",
        "return ().__class__.__base__.__subclasses__()",
        "import ctypes; return ctypes.CDLL(None)",
    ],
)
async def test_nothing_of_the_machine_is_reached(body):
    result = await call(code("", body))
    assert result.is_error, result.text
    assert os.environ.get("HOME", "/root") not in result.text.splitlines()


@pytest.mark.timeout(20)
async def test_time_and_memory_have_an_end():
    began = time.monotonic()
    endless = await call(PythonTool(code=code("", "while True: pass"), seconds=0.5))
    assert endless.is_error
    assert time.monotonic() - began < 10
    greedy = PythonTool(code=code("", "return len('x' * 500_000_000)"), memory_mb=16)
    assert (await call(greedy)).is_error


@pytest.mark.timeout(20)
async def test_cancelling_ends_the_call_at_once():
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    task = asyncio.create_task(call(PythonTool(code=code("", "while True: pass"), seconds=60)))
    while not {child.pid for child in psutil.Process().children(recursive=True)} - before:
        await asyncio.sleep(0.01)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 2


def test_a_tool_is_named_by_what_it_says():
    before, after = tool_of(PythonTool(code=code())), tool_of(PythonTool(code=code(doc='"""Do more."""')))
    assert before.schema_hash() != after.schema_hash()
    assert before.schema_hash() == tool_of(PythonTool(code=code(body="return x + x"))).schema_hash()
    assert (before.effect, before.repeat) == ("read", "safe")
