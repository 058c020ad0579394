"""Calls that wait for a person: what is shown, and that a decision goes through as it was made."""

import msgspec
import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.domain.agent import Agent
from core.domain.run import ENDED, Run
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, button, shown


@pytest.fixture
def careful(app: App, clerk: Agent) -> Agent:
    """The clerk, who has to ask before each calculation."""
    spec = app.agents.live_spec(clerk)
    tools = tuple(
        msgspec.structs.replace(tool, policy="ask") if tool.name == "calculator" else tool for tool in spec.tools
    )
    app.agents.save_draft(clerk.id, msgspec.structs.replace(spec, tools=tools), "")
    app.agents.save_revision(clerk.id, "")
    return clerk


@pytest.fixture
def waiting(app: App, open_page: Open, careful: Agent) -> AppTest:
    """A chat whose agent asks whether it may calculate."""
    chat = open_page("chat", agent=str(careful.id))
    chat.chat_input(key="composer").set_value("What is 17 % of 2,340?").run()
    assert rest(app).status == "waiting"
    return chat.run()


def rest(app: App) -> Run:
    run = app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
    assert run is not None
    return run


def end(app: App) -> Run:
    """The newest run, followed past its rest until it ended."""
    run = rest(app)
    for _ in app.runs.stream(run.id):
        pass
    while (run := rest(app)).status not in ENDED:
        pass  # it was decided a moment ago and is being taken up
    return run


def test_the_call_is_shown_and_nothing_has_happened(app: App, waiting: AppTest):
    assert "Waiting for you" in shown(waiting)
    assert app.runs.view(rest(app).id).state.totals.calls_executed == 0


def test_approved_it_is_executed_once_and_the_run_goes_on(app: App, waiting: AppTest):
    button(waiting, "Approve").click().run()
    run = end(app)
    waiting.run()
    assert "397.8" in answers(waiting)[-1]["text"]
    assert run.totals.calls_executed == 1


def test_denied_the_model_is_told_why(app: App, waiting: AppTest):
    next(one for one in waiting.text_input if (one.key or "").startswith("reason_")).set_value("Do it by hand")
    button(waiting, "Deny").click().run()
    run = end(app)
    call = app.runs.view(run.id).state.steps[0].calls[0]
    assert "Do it by hand" in call.refused.reason
    assert "Not executed" in shown(waiting.run())


def test_edited_arguments_are_what_is_executed(app: App, waiting: AppTest):
    field = next(one for one in waiting.text_area if (one.key or "").startswith("arguments_"))
    field.set_value('{"expression": "40 + 2"}')
    button(waiting, "Approve as edited").click().run()
    run = end(app)
    call = app.runs.view(run.id).state.steps[0].calls[0]
    assert (call.arguments, call.finished.output) == ('{"expression":"40 + 2"}', "42")


def test_edited_text_that_is_no_json_approves_nothing(app: App, waiting: AppTest):
    next(one for one in waiting.text_area if (one.key or "").startswith("arguments_")).set_value("{")
    button(waiting, "Approve as edited").click().run()
    assert "nothing was approved" in shown(waiting)
    assert rest(app).status == "waiting"


def test_home_says_what_needs_the_person(waiting: AppTest, open_page: Open):
    assert "1 thing needs you" in shown(open_page("home"))


def test_what_needs_the_person_is_answered_on_the_first_screen(app: App, waiting: AppTest, open_page: Open):
    home = open_page("home")
    assert "Waiting for you" in shown(home)
    button(home, "Approve").click().run()
    assert end(app).totals.calls_executed == 1
    assert "Nothing waits for you." in shown(home.run())


def test_a_run_proves_itself_on_its_page(app: App, waiting: AppTest, open_page: Open):
    button(waiting, "Approve").click().run()
    run = end(app)
    page = open_page("run", run=str(run.id))
    page.segmented_control(key="details").set_value("Proof").run()
    page.button(key="replay").click().run()
    assert "Identical" in shown(page)
    page.button(key="verify").click().run()
    assert "not one was changed" in shown(page)
