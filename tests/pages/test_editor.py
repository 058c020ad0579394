"""The agent editor: everything typed is in the draft at once; nothing goes live by itself."""

import msgspec

from core.bootstrap import App
from core.domain.agent import Agent, Parameters
from core.domain.dataset import Item
from core.domain.evaluator import Contains
from core.domain.gate import Gate
from pages.components.editor.draft import put_parameter
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, button, shown


def widget(page, kind: str, field: str):
    """The widget that edits a field: its key begins with the field's name."""
    return next(one for one in getattr(page, kind) if (one.key or "").startswith(f"{field}-"))


def editor(open_page: Open, agent: Agent, tab: str = ""):
    page = open_page("agent", agent=str(agent.id))
    if tab:
        page.session_state[f"tabs_{agent.id.hex}"] = tab
        page.run()
    return page


def draft_of(app: App, agent: Agent):
    return app.agents.get(agent.id).draft


def test_what_is_typed_is_in_the_draft_at_once(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk)
    live = app.agents.live_spec(clerk)
    widget(page, "text_area", "instructions").set_value("Answer {{name}} briefly.").run()
    draft = draft_of(app, clerk)
    assert draft.instructions == "Answer {{name}} briefly."
    assert [variable.name for variable in draft.variables] == ["name"]
    assert app.agents.live_spec(app.agents.get(clerk.id)) == live
    assert "The draft differs from live" in shown(page)


def test_typing_it_back_leaves_no_draft(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk)
    text = app.agents.live_spec(clerk).instructions
    widget(page, "text_area", "instructions").set_value("Something else").run()
    widget(page, "text_area", "instructions").set_value(text).run()
    assert draft_of(app, clerk) is None


def test_saving_makes_the_draft_the_live_revision(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk)
    widget(page, "text_area", "instructions").set_value("New words.").run()
    widget(page, "text_input", "note").set_value("Shorter").run()
    button(page, "Save").click().run()
    agent = app.agents.get(clerk.id)
    assert (agent.draft, agent.live_revision) == (None, 2)
    assert app.agents.revision(agent.id, 2).note == "Shorter"
    assert "Revision 2 is live" in shown(page)


def test_another_tab_does_not_lose_what_this_one_typed(app: App, open_page: Open, clerk: Agent):
    first, second = editor(open_page, clerk), editor(open_page, clerk, "Limits")
    widget(first, "text_area", "instructions").set_value("From the first tab.").run()
    widget(second, "number_input", "steps").set_value(7).run()
    draft = draft_of(app, clerk)
    assert (draft.instructions, draft.limits.steps) == ("From the first tab.", 7)


def test_a_parameter_that_is_emptied_is_not_sent(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk, "Model")
    widget(page, "number_input", "temperature").set_value(0.4).run()
    assert draft_of(app, clerk).parameters.temperature == 0.4
    assert put_parameter("temperature")(draft_of(app, clerk), None).parameters == Parameters()


def test_tools_are_added_and_removed(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk, "Tools")
    widget(page, "button", "drop_calculator").click().run()
    assert "calculator" not in [tool.name for tool in draft_of(app, clerk).tools]
    widget(page, "button", "add_calculator").click().run()
    assert [tool.name for tool in app.agents.spec(app.agents.get(clerk.id)).tools][-1] == "calculator"


def test_a_fixed_input_is_typed_as_its_schema_wants(app: App, open_page: Open, clerk: Agent):
    tools = [tool.name for tool in app.agents.live_spec(clerk).tools]
    assert "random_number" in tools or "calculator" in tools
    page = editor(open_page, clerk, "Tools")
    widget(page, "text_input", "fixed_calculator_expression").set_value("1+1").run()
    choice = next(choice for choice in draft_of(app, clerk).tools if choice.name == "calculator")
    assert choice.fixed == {"expression": "1+1"}


def test_discard_asks_once_and_says_what_is_lost(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk)
    widget(page, "text_area", "instructions").set_value("To be lost.").run()
    button(page, "Discard").click().run()
    assert "will be lost" in shown(page)
    assert draft_of(app, clerk).instructions == "To be lost."


def test_a_try_runs_the_draft_and_says_so(app: App, open_page: Open, clerk: Agent):
    page = editor(open_page, clerk)
    widget(page, "text_area", "instructions").set_value("You are the draft.").run()
    page.chat_input(key="try_input").set_value("What is 2 + 3?").run()
    run = app.runs.wait(app.runs.list(limit=1)[0].id, LONGEST_S)
    assert (run.kind, run.revision, run.tags, run.status) == ("try", None, ("try",), "done")
    assert app.runs.view(run.id).state.spec.instructions == "You are the draft."
    page.run()
    assert "5" in answers(page)[-1]["text"]


def test_a_restored_revision_is_a_draft(app: App, open_page: Open, clerk: Agent):
    app.agents.save_draft(clerk.id, msgspec.structs.replace(app.agents.live_spec(clerk), instructions="Two."), "")
    app.agents.save_revision(clerk.id, "")
    page = editor(open_page, clerk, "Revisions")
    widget(page, "button", "restore_1").click().run()
    agent = app.agents.get(clerk.id)
    assert (agent.live_revision, agent.draft) == (2, app.agents.revision(agent.id, 1).spec)


def test_a_revision_that_a_gate_holds_is_kept_and_said_to_wait(app: App, open_page: Open, clerk: Agent):
    dataset = app.datasets.create("Sums", "ada", items=[Item(input="1 + 1", expected="2")]).value
    app.gates.set(clerk.id, Gate(dataset_id=dataset.id, evaluators=(Contains(),), minimum=0.9), "ada")
    page = editor(open_page, clerk)
    widget(page, "text_area", "instructions").set_value("New words.").run()
    assert "at least 90 % of **Sums** pass" in shown(page)
    button(page, "Save").click().run()
    seen = shown(page)

    assert app.agents.get(clerk.id).live_revision == 1
    assert "**Revision 2** is saved and not live. The gate asks for 90 % of Sums" in seen
    assert "Revision 2 differs from live **revision 1**" in seen
    assert button(page, "Run the evaluation")
    assert button(page, "Make live all the same")
