"""The tool of a collection from the command line."""

import json

from core.bootstrap import build
from tests.support.knowledge import HANDBOOK, made


def test_a_collection_is_searched_and_the_call_recorded(cli, settings):
    app = build(settings, adopt=False)
    collection = made(app, handbook_md=HANDBOOK)
    (document,) = app.knowledge.documents(collection.id)
    passage = app.knowledge.passages(document.id)[1]
    app.close()

    called = cli("tool", "test", "search_handbook", '{"query": "how long does a refund take?", "most": 1}', "--json")
    assert called.code == 0
    output = called.lines[-1]["output"]
    assert f"[1] handbook.md · Returns › Refunds · lines 5–7 · passage {passage.id}\n{passage.text}" in output
    assert "[2]" not in output
    again = cli("tool", "test", "search_handbook", '{"query": "how long does a refund take?", "most": 1}', "--json")
    assert again.lines[-1]["output"] == output

    refused = cli("tool", "test", "search_handbook", json.dumps({"query": ""}), "--json")
    assert refused.lines[-1]["error"]["kind"] == "tool_args_invalid"


def test_a_collection_that_was_deleted_says_so(cli, settings):
    app = build(settings, adopt=False)
    collection = made(app, handbook_md=HANDBOOK)
    app.knowledge.delete(collection.id)
    app.close()
    called = cli("tool", "test", "search_handbook", '{"query": "refund"}', "--json")
    assert called.code == 1
    assert "This collection was deleted." in json.dumps(called.lines)
