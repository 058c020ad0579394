"""An agent made a tool on the screen, and its call's own run one click away."""

from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.domain.agent import Agent
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import button, shown


def opened() -> None:
    """The dialog as the menu opens it."""
    from core.bootstrap import get_app
    from pages.components.tool_agent import agent_tool

    agent_tool(get_app())


def test_an_agent_becomes_a_tool_and_its_call_leads_to_its_run(app: App, clerk: Agent, open_page: Open):
    page = AppTest.from_function(opened).run()
    page.selectbox[0].set_value(clerk.name).run()
    button(page, "Keep it").click().run()
    (tool,) = [tool for tool in app.tools.list() if tool.kind == "agent"]
    assert tool.name == "ask_number_clerk"

    page = open_page("tools", tool=tool.name)
    page.text_area(key=f"trial_{tool.name}_task").set_value("What is 17 % of 2,340?")
    button(page, "Call it").click().run()
    caller = next(run for run in app.runs.list() if run.kind == "test")
    app.runs.wait(caller.id, LONGEST_S)
    called = next(run for run in app.runs.list() if run.kind == "call")
    assert (called.status, called.caller_run_id) == ("done", caller.id)
    assert "397.8" in shown(page.run())
    assert any(str(called.id) in link.proto.query_string for link in page.get("page_link"))

    page = open_page("run", run=str(called.id))
    assert button(page, "The run that called it")
