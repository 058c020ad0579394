"""MCP servers on the Tools screen: asked, taken in, looked at again, accepted, let go."""

import json
import shlex

import pytest

from core.bootstrap import App
from core.services.mcp_drafts import McpDraft
from tests.pages.conftest import Open
from tests.pages.looking import button, param, shown
from tests.support.mcp_servers import SmallServer, tool


@pytest.fixture
def small(tmp_path):
    server = SmallServer(tmp_path)
    server.lists(tool("add", reads=True), tool("fail"), tool("odd", c={"type": "x"}))
    return server


def box(page, name):
    return next(one for one in page.checkbox if one.label == f"**{name}**")


def typed(page, **values):
    for field, value in values.items():
        page.text_input(key=f"mcp_{field}").set_value(value).run()


def taken_in(app: App, small: SmallServer, only=None):
    return app.tool_sources.add("small", app.tool_sources.look(small.server).value, "", only).value


def test_a_server_is_asked_and_some_of_its_tools_are_taken_in(app: App, open_page: Open, small: SmallServer):
    page = open_page("tools", new="mcp")
    typed(page, command=shlex.join(small.command))
    assert "Nothing is kept before you say so" in shown(page)
    assert small.log == []
    button(page, "Ask it for its tools").click().run()
    assert "small 1" in shown(page)
    assert "with 3 tools" in shown(page)
    assert box(page, "odd").disabled
    assert page.text_input(key="mcp_name").value == "small"
    assert app.tool_sources.list() == []

    page.text_input(key="mcp_name").set_value("calc").run()
    box(page, "fail").uncheck().run()
    button(page, "Take in 1 tool").click().run()
    assert param(page, "source") == "calc"
    assert list(app.tool_sources.tools("calc")) == ["add"]
    assert "1 of 3 are used here." in shown(page)
    assert small.count("started") == 1


def test_why_a_server_cannot_be_asked_is_said(app: App, open_page: Open):
    page = open_page("tools", new="mcp")
    typed(page, command="/no/such")
    button(page, "Ask it for its tools").click().run()
    assert "There is no command" in page.error[0].value
    typed(page, command="'half")
    assert "The command cannot be read" in shown(page)
    assert not page.error


def test_a_missing_secret_can_be_set_where_it_is_needed(app: App, open_page: Open, small: SmallServer):
    page = open_page("tools", new="mcp")
    typed(page, command=shlex.join(small.command))
    page.text_area(key="mcp_secrets").set_value("TOKEN=KEY").run()
    assert "The secret KEY is not set yet." in shown(page)
    app.secrets.set("KEY", "pa55word-of-mine", "")
    assert "not set yet" not in shown(page.run())
    button(page, "Ask it for its tools").click().run()
    button(page, "Take in 2 tools").click().run()
    assert app.tool_sources.get("small").server.secret_env == {"TOKEN": "KEY"}


def test_a_change_is_shown_by_words_and_accepted(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    small.lists(tool("add", "To subtract.", reads=True), tool("new"))
    page = open_page("tools", source="small")
    assert "Changed since" not in shown(page)
    button(page, "Check now").click().run()
    said = shown(page)
    assert "<del>add</del><ins>subtract</ins>" in said
    assert "it has it no more" in said
    assert "1 of 2 are used here." in said
    button(page, "Accept").click().run()
    assert app.tools.get("small_add").description == "To subtract."
    button(page, "Let it go").click().run()
    assert "Changed since" not in shown(page)
    assert list(app.tool_sources.tools("small")) == ["add"]


def test_all_changes_are_accepted_at_once(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    small.lists(tool("add", "To subtract.", reads=True))
    app.tool_sources.check("small")
    button(open_page("tools", source="small"), "Accept all 2 changes").click().run()
    assert app.tool_sources.get("small").drifts == ()


def test_the_choice_of_tools_is_changed(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small, ["add"])
    page = open_page("tools", source="small")
    assert "Keep this choice" not in [one.label for one in page.button]
    box(page, "fail").check().run()
    button(page, "Keep this choice").click().run()
    assert list(app.tool_sources.tools("small")) == ["add", "fail"]
    assert "Keep this choice" not in [one.label for one in page.button]


def test_a_server_that_does_not_answer_says_so(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    (small.folder / "tools.json").unlink()
    app.tool_sources.check("small")
    page = open_page("tools", source="small")
    assert "Connection closed" in page.error[0].value
    assert "stop before the model is asked" in shown(page)


def test_servers_stand_among_the_tools(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    page = open_page("tools")
    assert "2 of 3 tools used" in shown(page)
    page.button(key="source_small").click().run()
    assert param(page, "source") == "small"
    button(page, "Remove").click().run()
    assert "Agents that name them keep them" in shown(page)
    assert page.button(key="ask_do").label == "Remove"


def test_a_tool_says_where_it_comes_from_and_is_tried(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    page = open_page("tools", tool="small_add")
    assert button(page, "add of small")
    page.text_input(key="trial_small_add_a").set_value("2")
    page.text_input(key="trial_small_add_b").set_value("3")
    button(page, "Call it").click().run()
    run = app.runs.list(limit=1)[0]
    app.runs.wait(run.id, 30)
    assert json.loads(app.runs.view(run.id).state.steps[0].calls[0].finished.output) == 5


def test_from_a_search_to_a_tool_a_server_and_a_new_one(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    page = open_page("tools", q="small")
    page.button(key="source_small").click().run()
    assert param(page, "source") == "small"
    page = open_page("tools", q="small")
    page.button(key="try_small_add").click().run()
    assert param(page, "tool") == "small_add"
    button(page, "add of small").click().run()
    assert param(page, "source") == "small"


def test_what_is_typed_is_kept_until_the_server_is(app: App, open_page: Open):
    typed(open_page("tools", new="mcp"), command="uvx something")
    page = open_page("tools", new="mcp")
    assert page.text_input(key="mcp_command").value == "uvx something"
    page.button_group(key="mcp_by").set_value("url").run()
    typed(page, url="https://tools.example/mcp")
    assert app.mcp_drafts.get("") == McpDraft(by="url", command="uvx something", url="https://tools.example/mcp")
    button(page, "Discard").click().run()
    assert page.button(key="ask_do").label == "Discard"


def test_a_changed_tool_stands_on_home(app: App, open_page: Open, small: SmallServer):
    taken_in(app, small)
    small.lists(tool("add", "To subtract.", reads=True), tool("fail"))
    app.tool_sources.check("small")
    page = open_page("home")
    assert "1 thing needs you." in shown(page)
    assert "small: 1 tool changed since you accepted it" in shown(page)
    page.button(key="drift_small").click().run()
    assert param(page, "source") == "small"


def test_how_far_a_call_is_stands_on_its_card(app: App, open_page: Open, small: SmallServer):
    small.lists(tool("slow", reads=True))
    taken_in(app, small)
    run = app.tools.test("small_slow", "{}", "").value
    while app.tool_sources.progress(run.id, "1.0") is None:
        assert app.runs.wait(run.id, 0.05).status == "running"
    page = open_page("tools", tool="small_slow", run=str(run.id))
    (bar,) = page.get("progress")
    assert (bar.proto.value, bar.proto.text) == (25, "1 of 4 · a quarter")
    (small.folder / "go").touch()
    assert app.runs.wait(run.id, 30).status == "done"
    assert "slowly done" in shown(page.run())
