"""What a tool's result is drawn as."""

import json
from base64 import b64encode

import pytest

from core.bootstrap import App
from pages.components.tool_shape import MOST_ROWS, Link, Media, Pairs, Table, Text, shapes
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import shown
from tests.support.mcp_servers import SmallServer

DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="


def block(**changes):
    return {"content": [changes]}


@pytest.mark.parametrize(
    ("text", "data", "drawn"),
    [
        ("397.8", {"value": "397.8", "exact": True}, [Text("397.8")]),
        ("{half", None, [Text("{half")]),
        ("[" * 100_000, None, [Text("[" * 100_000)]),
        ("[]", None, [Text("[]")]),
        ('{"a": {"b": 1}}', None, [Text('{"a": {"b": 1}}')]),
        ('{"a": 12345678901234567890, "b": true}', None, [Pairs({"a": "12345678901234567890", "b": "yes"})]),
        ('[{"a": 0.10}, {"b": null}]', None, [Table({"a": ["0.10", ""], "b": ["", ""]}, 2)]),
        ("a,b", {"columns": ["a", "b"], "rows": [[1, "x"]]}, [Table({"a": ["1"], "b": ["x"]}, 1)]),
        ("none", {"columns": ["a"], "rows": []}, [Text("none")]),
        ("HTTP 200\n[]", {"status": 200, "body": [{"id": 1}]}, [Text("HTTP 200"), Table({"id": ["1"]}, 1)]),
        ("HTTP 200\nx", {"status": 200, "body": "x"}, [Text("HTTP 200\nx")]),
        ("", block(type="text", text='{"a": "b"}'), [Pairs({"a": "b"})]),
        ("", block(type="image", data="aGk=", mimeType="image/png"), [Media(True, "image/png", b"hi")]),
        ("", block(type="audio", data="aGk=", mimeType="audio/wav"), [Media(False, "audio/wav", b"hi")]),
        ("", block(type="image", data="aGk=", mimeType="image/svg+xml"), [Text("[image/svg+xml: 2 bytes]")]),
        ("", block(type="image", data="?", mimeType="image/png"), [Text("[image/png: not readable]")]),
        ("", block(type="resource_link", uri="https://a/b", name="n"), [Link("n", "https://a/b")]),
        ("", block(type="resource_link", uri="javascript:x"), [Text("javascript:x\njavascript:x")]),
        ("", block(type="resource_link", uri="https://a/b) [x](y"), [Text("https://a/b) [x](y\nhttps://a/b) [x](y")]),
        ("", block(type="resource", resource={"uri": "u:x", "text": "t"}), [Text("u:x"), Text("t")]),
        ("", block(type="image", left_out="too long"), [Text("[image: too long]")]),
        ("", block(type="hologram"), [Text('{"type": "hologram"}')]),
    ],
)
def test_a_result_is_drawn_as_what_it_is(text, data, drawn):
    assert shapes(text, data) == drawn


def test_a_long_table_says_how_much_there_is():
    (table,) = shapes(json.dumps([{"n": n} for n in range(MOST_ROWS + 5)]), None)
    assert (len(table.columns["n"]), table.total) == (MOST_ROWS, MOST_ROWS + 5)


@pytest.mark.parametrize(("content", "is_picture"), [(DOT, True), (b64encode(b"no picture").decode(), False)])
def test_a_picture_of_a_server_is_seen(app: App, open_page: Open, tmp_path, monkeypatch, content, is_picture):
    small = SmallServer(tmp_path)
    (tmp_path / "picture").write_text(content)
    app.tool_sources.add("small", app.tool_sources.look(small.server).value, "")
    run = app.tools.test("small_picture", "{}", "").value
    app.runs.wait(run.id, LONGEST_S)
    page = open_page("tools", tool="small_picture", run=str(run.id))
    assert len(page.get("image")) == is_picture
    assert ("cannot be read" in shown(page)) != is_picture
    assert "Look:" in shown(page)
