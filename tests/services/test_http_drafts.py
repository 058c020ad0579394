"""HTTP tools while they are written."""

import msgspec
import pytest

from core.clients.outbound import Outbound
from core.domain.result import Err, Ok
from core.services.http_drafts import HttpDraft, HttpDrafts, draft_of
from core.services.tool_catalogue import ToolCatalogue
from core.services.tool_maker import ToolMaker
from core.tools.http_request.definition import HttpInput, HttpTool, StatusCheck
from core.tools.toolbox import Toolbox
from tests.support.notebooks import MemoryNotebook
from tests.support.secrets import KnownSecrets

GOOD = HttpDraft(name="t", description="d", url="https://a.example/{place}", query=(("q", "{words}"),))


@pytest.fixture
def drafts(engine):
    toolbox = Toolbox(Outbound(), MemoryNotebook(), KnownSecrets())
    maker = ToolMaker(engine, ToolCatalogue(engine, toolbox))
    yield HttpDrafts(engine, maker, lambda tool, arguments, who: Ok((tool.name, arguments, who)))
    toolbox.close()


def test_each_person_has_a_draft_of_each_tool(drafts):
    assert (drafts.get("", "ann"), drafts.is_begun("", "ann")) == (HttpDraft(), False)
    assert drafts.put("", GOOD, "ann") == Ok("http_tool_draft::ann")
    assert drafts.is_begun("", "ann")
    drafts.put("t", HttpDraft(name="other"), "ann")
    assert (drafts.get("", "ann"), drafts.get("", "bob")) == (GOOD, HttpDraft())
    drafts.discard("", "ann")
    assert drafts.get("", "ann") == HttpDraft()
    assert drafts.get("t", "ann").name == "other"


def test_the_order_of_inputs_is_kept(drafts):
    inputs = {name: HttpInput(description=name) for name in ("zebra", "a", "middle")}
    drafts.put("", msgspec.structs.replace(GOOD, inputs=inputs), "")
    assert list(drafts.get("", "").inputs) == ["zebra", "a", "middle"]


def test_a_name_in_braces_is_an_input_as_soon_as_it_is_typed(drafts):
    draft = msgspec.structs.replace(GOOD, inputs={"place": HttpInput(description="where"), "gone": HttpInput()})
    finished = drafts.finish(draft)
    assert finished.problems == ()
    assert finished.tool.inputs == {"place": HttpInput(description="where"), "words": HttpInput()}


@pytest.mark.parametrize(
    ("changes", "body"),
    [
        ({"body": '{"a": "{a}"}'}, {"a": "{a}"}),
        ({"body": "  "}, None),
        ({"body": "a {a}", "body_type": "text"}, "a {a}"),
        ({"fields": (("a", "{a}"), ("", "")), "body_type": "form"}, {"a": "{a}"}),
        ({"body_type": "form"}, None),
    ],
)
def test_bodies(drafts, changes, body):
    finished = drafts.finish(msgspec.structs.replace(GOOD, method="POST", **changes))
    assert (finished.tool.body, finished.problems) == (body, ())


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"method": "POST", "body": '{"a": {a}}'}, "body", "An {input} stands in quotes."),
        ({"query": (("q", "1"), ("q", "2"))}, "query", "A name stands here twice."),
        ({"url": ""}, "url", "begins with https://"),
    ],
)
def test_what_is_wrong_is_said(drafts, changes, field, said):
    (first, *_) = drafts.finish(msgspec.structs.replace(GOOD, **changes)).problems
    assert (first.field, said in first.message) == (field, True)


TOOL = HttpTool(
    name="t",
    description="d",
    method="POST",
    url="https://a.example/{a}",
    query={"n": 20, "q": "{b}"},
    headers={"X": "y"},
    body={"a": "{a}"},
    inputs={"a": HttpInput(type="integer"), "b": HttpInput()},
    select="x",
    seconds=5.0,
    allow_hosts=("h",),
)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"body": "{a} x", "body_type": "text"},
        {
            "headers": {"X": "{call_key}"},
            "status_check": StatusCheck(url="https://a.example/of/{call_key}", query={"a": "{a}"}, select="found[0]"),
        },
        {"body_type": "form"},
        {"body": ["{a}"]},
        {"body": "{a}"},
        {"body": None},
    ],
)
def test_a_tool_goes_into_the_form_and_comes_out_again(drafts, changes):
    tool = msgspec.structs.replace(TOOL, **changes)
    finished = drafts.finish(draft_of(tool))
    assert finished.problems == ()
    assert finished.tool == msgspec.structs.replace(tool, query={"n": "20", "q": "{b}"})


def test_keeping_a_draft_makes_the_tool_and_forgets_the_draft(drafts):
    drafts.put("", GOOD, "ann")
    kept = drafts.keep("", GOOD, "ann").value
    assert (kept.tool.name, kept.tool.kind) == ("t", "http")
    assert drafts.get("", "ann") == HttpDraft()
    assert drafts.get("t", "ann") == msgspec.structs.replace(GOOD, inputs={"place": HttpInput(), "words": HttpInput()})


def test_a_new_tool_replaces_no_other(drafts):
    drafts.keep("", GOOD, "ann")
    drafts.put("", GOOD, "bob")
    assert drafts.keep("", GOOD, "bob") == Err("conflict", "There is a tool named t already.", "name")
    assert drafts.get("", "bob") == GOOD
    assert drafts.keep("t", msgspec.structs.replace(GOOD, description="new"), "bob").value.tool.description == "new"


def test_a_faulty_draft_is_not_kept(drafts):
    assert drafts.keep("", HttpDraft(), "ann").kind == "invalid"


def test_a_draft_is_tried_without_being_kept(drafts):
    assert drafts.test(drafts.finish(GOOD), '{"place": "x"}', "ann") == Ok(("t", '{"place": "x"}', "ann"))
    assert drafts.test(drafts.finish(HttpDraft()), "{}", "ann").kind == "invalid"


def test_whether_a_draft_changes_something_is_known(drafts):
    changes = [
        drafts.finish(msgspec.structs.replace(GOOD, method=method)).changes_something for method in ("GET", "PUT")
    ]
    assert changes == [False, True]
