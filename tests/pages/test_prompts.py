"""The library of prompts: typed variables, files in and out, and what a prompt is good for."""

from core.bootstrap import App
from core.domain.agent import AgentSpec, Variable
from core.domain.result import Ok
from tests.pages.conftest import Open
from tests.pages.looking import button, param, shown

CLERK = "You calculate for {{company}}."


def kept(app: App, name: str, kind="system"):
    prompt = app.prompts.get(kind, name)
    assert prompt is not None
    return prompt


def test_a_variable_gets_a_type_a_default_and_choices(app: App, open_page: Open):
    first = app.prompts.save("system", "Clerk", CLERK, (Variable("company"),), "").value
    page = open_page("prompts", kind="system", prompt="Clerk")
    page.selectbox(key=f"prompt_type_company_{first.id}").set_value("choice").run()
    page.text_input(key=f"prompt_choices_company_{first.id}").set_value("Acme, Zeta").run()
    page.text_input(key=f"prompt_default_company_{first.id}").set_value("Zeta").run()
    button(page, "Save as version 2").click().run()
    assert kept(app, "Clerk").variables == (Variable("company", "choice", "Zeta", ("Acme", "Zeta")),)
    assert kept(app, "Clerk").text == CLERK


def test_a_system_prompt_becomes_an_agent_and_says_who_has_it(app: App, open_page: Open):
    app.prompts.save("system", "Clerk", CLERK, (Variable("company", default="Acme"),), "")
    page = open_page("prompts", kind="system", prompt="Clerk")
    assert "no agent uses it as it stands" in shown(page)
    button(page, "Make an agent").click().run()
    agent = app.agents.by_name("Clerk")
    assert agent is not None
    assert param(page, "agent") == str(agent.id)
    assert app.agents.live_spec(agent) == AgentSpec(
        instructions=CLERK, variables=(Variable("company", default="Acme"),)
    )
    assert "used by Clerk (version 1)" in shown(open_page("prompts", kind="system", prompt="Clerk"))

    again = open_page("prompts", kind="system", prompt="Clerk")
    button(again, "Make an agent").click().run()
    assert "An agent of this name exists already" in again.error[0].value


def test_the_library_is_exported(app: App, open_page: Open):
    assert isinstance(app.prompts.save("system", "Clerk", CLERK, (Variable("company"),), ""), Ok)
    page = open_page("prompts", kind="system")
    page.get_by_key("prompt_files").click("Export").run()
    assert [one.label for one in page.get("download_button")] == ["Download YAML"]
