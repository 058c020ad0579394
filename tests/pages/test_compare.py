"""Compare: columns that answer at once, what can be changed in them, and that the address brings everything back."""

import pytest
from streamlit.testing.v1 import AppTest

from core.bootstrap import App
from core.domain.agent import Agent, AgentSpec
from core.domain.comparison import Comparison
from core.domain.dataset import Item
from core.domain.result import Ok
from core.domain.variant import AdHocSpec, DraftSpec, Overrides, ParameterChanges, SavedSpec, Variant
from core.services.runs import StartRun
from tests.pages.conftest import LONGEST_S, Open
from tests.pages.looking import answers, button, param, shown

QUESTION = "What is 17 % of 2,340?"
NOTE = "Note: the key is under the blue flower pot."


def good(result):
    assert isinstance(result, Ok), result
    return result.value


def settled(app: App, comparison: Comparison) -> Comparison:
    one = app.comparisons.get(comparison.id)
    for run in one.runs():
        app.runs.wait(run, LONGEST_S)
    return one


@pytest.fixture
def two(app: App, clerk: Agent) -> Comparison:
    """The same agent twice, the second one warmer."""
    warm = Overrides(parameters=ParameterChanges(temperature=0.9))
    variants = [
        Variant(source=SavedSpec(agent_id=clerk.id)),
        Variant(source=SavedSpec(agent_id=clerk.id), changes=warm),
    ]
    return good(app.comparisons.create(variants, ""))


@pytest.fixture
def answered(app: App, two: Comparison) -> Comparison:
    return settled(app, good(app.comparison_runs.send(two.id, QUESTION, "")))


def opened(open_page: Open, comparison: Comparison, **params: str) -> AppTest:
    return open_page("compare", comparison=str(comparison.id), **params)


def test_a_comparison_is_begun_with_one_button(app: App, open_page: Open):
    page = open_page("compare")
    assert "Earlier comparisons" in shown(page)
    button(page, "Compare").click().run()
    one = app.comparisons.list()[0]
    assert param(page, "comparison") == str(one.id)
    assert len(one.columns) == 2


def test_one_message_goes_to_every_column_and_each_listens_for_its_own_answer(
    app: App, open_page: Open, two: Comparison
):
    page = opened(open_page, two)
    page.chat_input(key="composer").set_value(QUESTION).run()
    one = app.comparisons.get(two.id)
    listening = {view["run"] for view in answers(page) if view.get("listen")}
    assert listening <= {str(run) for run in one.runs()}
    settled(app, two)
    page.run()
    assert [view["text"] for view in answers(page) if "397.8" in view["text"]]
    assert not page.chat_input(key="composer").disabled


def test_the_address_brings_everything_back(open_page: Open, answered: Comparison):
    page = opened(open_page, answered)
    said = shown(page)
    assert QUESTION in said
    assert "Only temperature differs." in said
    assert sum("397.8" in view["text"] for view in answers(page) if "listen" in view) == 2
    assert said.count("To first token") == 2


def test_what_tools_do_is_chosen_once_for_all(app: App, open_page: Open, two: Comparison):
    page = opened(open_page, two)
    page.segmented_control[0].set_value("live").run()
    assert app.comparisons.get(two.id).tool_mode == "live"


def test_a_dry_run_is_named_on_the_tools_card(app: App, open_page: Open):
    keeper = app.agents.by_name("Note keeper")
    variants = [Variant(source=SavedSpec(agent_id=keeper.id))] * 2
    one = good(app.comparisons.create(variants, ""))
    settled(app, good(app.comparison_runs.send(one.id, NOTE, "")))
    page = opened(open_page, one)
    cards = [one.label for one in page.expander if "notebook" in one.label]
    assert len(cards) == 2
    assert all("dry run, not executed" in label for label in cards)


def test_live_the_same_write_of_two_columns_is_decided_once(app: App, open_page: Open, monkeypatch):
    # Both wait, as when they ask at the same moment; else the first goes through and only the second is asked about.
    monkeypatch.setattr(app.comparison_writes, "look", lambda run_id: None)
    keeper = app.agents.by_name("Note keeper")
    one = good(app.comparisons.create([Variant(source=SavedSpec(agent_id=keeper.id))] * 2, "", tool_mode="live"))
    settled(app, good(app.comparison_runs.send(one.id, NOTE, "")))
    page = opened(open_page, one)
    assert "**A** and **B** ask for the same call of **notebook" in shown(page)
    button(page, "Run it once, in A").click().run()
    first, second = settled(app, one).runs()
    assert app.runs.get(first).totals.calls_executed == 1
    assert app.runs.get(second).totals.calls_executed == 0
    assert app.runs.get(second).totals.calls_refused == 1


def test_the_settings_of_a_column_are_changed_in_place(app: App, open_page: Open, two: Comparison):
    column = two.columns[0].id
    page = opened(open_page, two, column=str(column))
    assert "Settings of A" in shown(page)
    prompt = next(area for area in page.text_area if area.label == "Instructions")
    prompt.set_value("Answer with the number alone.").run()
    changed = app.comparisons.get(two.id).column(column).variant
    assert changed.changes == Overrides(instructions="Answer with the number alone.")
    assert "prompt changed" in shown(page)
    button(page, "As in the agent").click().run()
    assert app.comparisons.get(two.id).column(column).variant.changes == Overrides()


def test_leaving_the_agent_keeps_what_the_column_runs(app: App, open_page: Open, two: Comparison, clerk: Agent):
    page = opened(open_page, two, column=str(two.columns[1].id))
    next(box for box in page.selectbox if box.label == "Agent").set_value("Without an agent").run()
    source = app.comparisons.get(two.id).columns[1].variant.source
    assert isinstance(source, AdHocSpec)
    assert source.spec.instructions == app.agents.live_spec(clerk).instructions
    assert source.spec.parameters.temperature == 0.9


def test_a_column_is_added_like_the_last_one_with_its_settings_open(app: App, open_page: Open, two: Comparison):
    page = opened(open_page, two)
    button(page, "Add column").click().run()
    one = app.comparisons.get(two.id)
    assert one.columns[2].variant == one.columns[1].variant
    assert "Settings of C" in shown(page)


def test_a_new_column_answers_an_earlier_message_when_asked(app: App, open_page: Open, answered: Comparison):
    one = good(app.comparisons.add_column(answered.id, answered.columns[0].variant))
    page = opened(open_page, one)
    button(page, "Run here").click().run()
    assert settled(app, one).turns[0].cell(one.columns[2].id).run is not None


def test_one_columns_failure_stands_in_its_own_card(app: App, open_page: Open, clerk: Agent):
    ill = Variant(source=SavedSpec(agent_id=clerk.id), changes=Overrides(endpoint="nowhere"))
    one = good(app.comparisons.create([Variant(source=SavedSpec(agent_id=clerk.id)), ill], ""))
    settled(app, good(app.comparison_runs.send(one.id, QUESTION, "")))
    page = opened(open_page, one)
    assert "There is no endpoint named nowhere" in shown(page)
    assert any("397.8" in view["text"] for view in answers(page))


def test_several_runs_show_how_far_they_lie_apart(app: App, open_page: Open, answered: Comparison):
    page = opened(open_page, answered)
    page.number_input[0].set_value(2).run()
    button(page, "Run").click().run()
    settled(app, answered)
    page.run()
    assert shown(page).count("3 runs · all answers are the same") == 2


def test_a_vote_is_kept_and_counted(app: App, open_page: Open, answered: Comparison):
    page = opened(open_page, answered)
    button(page, "Best").click().run()
    assert "**A** 1 · **B** 0" in shown(page)
    button(page, "It is a tie").click().run()
    assert [vote.winner for vote in app.comparisons.get(answered.id).votes] == [None]


def test_blind_nothing_tells_the_columns_apart(app: App, open_page: Open, answered: Comparison, clerk: Agent):
    page = opened(open_page, answered)
    page.toggle[0].set_value(True).run()
    assert app.comparisons.get(answered.id).is_blind
    said = shown(page)
    for name in (clerk.name, "temperature", "To first token", "demo at"):
        assert name not in said
    assert not [one for one in page.button if one.label in {"Open the run", "Settings", "Differences"}]


def test_the_differences_in_words(open_page: Open, answered: Comparison):
    page = opened(open_page, answered)
    button(page, "Differences").click().run()
    assert "say the same, word for word" in shown(page)
    next(one for one in page.segmented_control if one.label == "What").set_value("Settings").run()
    assert shown(page).count("Only temperature differs.") >= 1


def test_from_a_run_to_a_comparison(app: App, open_page: Open, clerk: Agent):
    run = good(app.runs.start(StartRun(input=QUESTION, agent_id=clerk.id)))
    app.runs.wait(run.id, LONGEST_S)
    page = open_page("run", run=str(run.id))
    button(page, "Compare").click().run()
    one = app.comparisons.list()[0]
    assert (one.origin_run_id, one.turns[0].cell(one.columns[0].id).run) == (run.id, run.id)


def test_from_a_draft_to_a_comparison_with_what_is_live(app: App, open_page: Open, clerk: Agent):
    good(app.agents.save_draft(clerk.id, AgentSpec(instructions="Be brief."), ""))
    button(open_page("agent", agent=str(clerk.id)), "Compare").click().run()
    one = app.comparisons.list()[0]
    assert [column.variant.source for column in one.columns] == [
        SavedSpec(agent_id=clerk.id),
        DraftSpec(agent_id=clerk.id),
    ]


def test_a_message_and_its_best_answer_become_an_item_of_a_dataset(app: App, open_page: Open, answered: Comparison):
    dataset = good(app.datasets.create("Sums", ""))
    page = opened(open_page, answered)
    page.selectbox(key="add_to_0").select("Sums").run()
    button(page, "Add").click().run()
    (item,) = app.datasets.items(dataset.id)
    assert item.item.input == QUESTION
    assert "397.8" in item.item.expected


def test_the_columns_become_the_variants_of_an_evaluation(app: App, open_page: Open, answered: Comparison):
    good(app.datasets.create("Sums", "", items=[Item(input=QUESTION)]))
    page = open_page("evaluation_new", comparison=str(answered.id))
    assert "The columns of the comparison" in shown(page)
    button(page, "Start the evaluation").click().run()
    (evaluation,) = app.evaluations.list()
    assert len(evaluation.plan.variants) == 2


def test_a_long_comparison_is_drawn_from_its_newest_messages(app: App, open_page: Open, two: Comparison):
    for number in range(7):
        settled(app, good(app.comparison_runs.send(two.id, f"Message {number}", "")))
    page = opened(open_page, two)
    assert "Message 1" not in shown(page)
    button(page, "Show 2 earlier messages").click().run()
    assert "Message 0" in shown(page)


def test_an_unknown_comparison_is_said(open_page: Open):
    page = open_page("compare", comparison="0199c0de-0000-7000-8000-000000000000")
    assert "There is no such comparison here." in shown(page)
