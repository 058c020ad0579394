"""Every screen opens, empty and with something on it, and teaches where there is nothing."""

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App, use_app
from core.domain.run import Run
from core.errors import Unavailable
from core.services.runs import StartRun
from tests.pages.conftest import LONGEST_S, MAIN, Open
from tests.pages.looking import button, param, shown

SCREENS = (
    "home",
    "agents",
    "agent",
    "chat",
    "runs",
    "run",
    "prompts",
    "tools",
    "knowledge",
    "datasets",
    "evaluations",
    "evaluation",
    "evaluation_new",
    "settings",
)


def a_run(app: App, agent_id, text: str = "What is 2 + 3?") -> Run:
    conversation = app.conversations.create(agent_id, "", title=text)
    start = StartRun(input=text, agent_id=agent_id, conversation_id=conversation.id)
    run = app.runs.wait(app.runs.start(start).value.id, LONGEST_S)
    assert run is not None
    return run


@pytest.mark.parametrize("screen", SCREENS)
def test_it_opens_in_a_new_workspace(open_page: Open, screen: str):
    assert shown(open_page(screen))


def test_home_shows_what_was_said_and_counts_the_first_steps(app: App, open_page: Open, clerk):
    assert "0 of 5" in shown(open_page("home"))
    a_run(app, clerk.id)
    home = shown(open_page("home"))
    assert "1 of 5" in home
    assert clerk.name in home


def test_home_names_the_agents_that_were_used_last(app: App, open_page: Open, clerk):
    assert "Agents to begin with" in shown(open_page("home"))
    a_run(app, clerk.id)
    home = open_page("home")
    assert "Your agents" in shown(home)
    first = next(one for one in home.button if (one.key or "").startswith("agent_"))
    assert (first.key, first.label) == (f"agent_{clerk.id}", "Chat")


def test_home_says_how_everything_is(app: App, open_page: Open):
    assert "database" in shown(open_page("home"))


def test_a_run_is_read_entry_by_entry(app: App, open_page: Open, clerk):
    run = a_run(app, clerk.id)
    page = open_page("run", run=str(run.id))
    text = shown(page)
    assert "Journal" in text
    assert "The model asked for 1 tool call" in text
    assert "**calculator** answered 5" in text
    assert "Done" in text


def test_what_was_sent_is_shown_with_its_proof(app: App, open_page: Open, clerk):
    run = a_run(app, clerk.id)
    page = open_page("run", run=str(run.id))
    page.segmented_control(key="details").set_value("Sent").run()
    text = shown(page)
    assert "the very bytes that were sent" in text
    sent = app.runs.sent(run.id, 2).value
    assert any(code.value == sent.body.decode() for code in page.code)


def test_the_list_of_runs_adds_them_up(app: App, open_page: Open, clerk):
    a_run(app, clerk.id)
    page = open_page("runs")
    assert {metric.label: metric.value for metric in page.metric}["Runs"] == "1"
    assert page.dataframe[0].value["agent"].tolist() == [clerk.name]


def test_a_whole_id_in_the_search_opens_that_run(app: App, open_page: Open, clerk):
    run = a_run(app, clerk.id)
    page = open_page("runs")
    page.text_input(key="q").set_value(str(run.id)).run()
    assert "Journal" in shown(page)


def test_a_tool_is_tried_by_itself_and_recorded(app: App, open_page: Open):
    page = open_page("tools", tool="calculator")
    page.text_input(key="trial_calculator_expression").set_value("6 * 7")
    button(page, "Call it").click().run()
    run = app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
    assert (run.kind, run.status) == ("test", "done")
    page.run()
    assert "42" in [text.value for text in page.text]
    assert param(page, "run") == str(run.id)


def test_new_agent_offers_every_template(app: App, open_page: Open):
    page = open_page("agents")
    button(page, "New agent").click().run()
    offered = {one.key for one in page.button if one.key and one.key.startswith("template_")}
    assert offered == {f"template_{template.name}" for template in app.agents.templates()}


def test_a_prompt_gets_versions(app: App, open_page: Open):
    app.prompts.save("system", "Clerk", "You calculate.", (), "Ada")
    page = open_page("prompts", kind="system", prompt="Clerk")
    prompt = app.prompts.get("system", "Clerk")
    page.text_area(key=f"prompt_text_{prompt.id}").set_value("You calculate for {{company}}.").run()
    button(page, "Save as version 2").click().run()
    saved = app.prompts.get("system", "Clerk")
    assert (saved.number, [variable.name for variable in saved.variables]) == (2, ["company"])


def test_a_secret_is_kept_and_never_shown(app: App, open_page: Open):
    page = open_page("settings")
    page.segmented_control(key="section").set_value("Secrets").run()
    page.text_input(key="secret_name").set_value("OFFICE_KEY")
    page.text_input(key="secret_value").set_value("sk-very-secret")
    next(one for one in page.button if one.label == "Keep it").click().run()
    assert app.secrets.value("OFFICE_KEY") == "sk-very-secret"
    text = shown(page)
    assert "OFFICE" in text
    assert "sk-very-secret" not in text
    assert not any("sk-very-secret" in str(one.value) for one in page.text_input)


def test_without_a_database_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch):
    use_app(None)

    def unreachable(*_args, **_more):
        raise Unavailable("The database at db.example does not answer. Start it, then try again.")

    monkeypatch.setattr("core.bootstrap.build", unreachable)
    page = AppTest.from_file(str(MAIN), default_timeout=LONGEST_S).run()
    assert "The database at db.example does not answer." in shown(page)
    assert [one.label for one in page.button] == ["Try again"]
