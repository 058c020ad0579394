import pytest
from msgspec.structs import replace

from core.domain.dataset import Item
from core.domain.evaluator import Contains, HumanVote
from core.domain.gate import Gate
from core.domain.variant import AdHocSpec, SavedSpec, Variant
from core.services.evaluations import NewEvaluation
from tests.pages.looking import button, shown
from tests.support.evaluations import over


@pytest.fixture
def dataset(app):
    items = [Item(input=f"What is 17 % of {number}00?", expected=f"{17 * number}") for number in range(1, 4)]
    return app.datasets.create("Sums", "ada", items=items).value


@pytest.fixture
def done(app, dataset, clerk):
    variants = (Variant(source=SavedSpec(agent_id=clerk.id)), Variant(name="bare", source=AdHocSpec()))
    wanted = NewEvaluation(
        name="Who computes?", dataset_id=dataset.id, variants=variants, evaluators=(Contains(), HumanVote())
    )
    return over(app, app.evaluations.start(wanted, "ada").value)


def test_empty_screens_teach(open_page):
    assert "noise" in shown(open_page("evaluations"))
    assert "Keep the inputs" in shown(open_page("datasets"))
    assert "needs items" in shown(open_page("evaluation_new"))


def test_a_dataset_is_listed_and_opened(open_page, dataset):
    assert "Sums" in shown(open_page("datasets"))
    opened = open_page("datasets", dataset=str(dataset.id))

    assert "3 items" in shown(opened)
    assert not opened.exception


def test_what_is_not_there_is_said(open_page):
    nobody = "01890a5d-ac96-774b-bcce-b302099a8057"

    assert "no such dataset" in shown(open_page("datasets", dataset=nobody))
    assert "no such evaluation" in shown(open_page("evaluation", evaluation=nobody))


def test_an_evaluation_is_put_together_and_started(app, open_page, dataset, clerk):
    page = open_page("evaluation_new")
    page.selectbox(key="agent0").select(clerk.name).run()
    assert "Costs at most" in [metric.label for metric in page.metric]
    assert next(metric.value for metric in page.metric if metric.label == "Runs") == "3"
    button(page, "Start the evaluation").click().run()
    (evaluation,) = app.evaluations.list()

    assert over(app, evaluation).status == "done"
    assert evaluation.plan.variants[0].agent_id == clerk.id
    assert isinstance(evaluation.evaluators[0].evaluator, Contains)


def test_a_done_evaluation_shows_its_numbers_and_answers(open_page, done):
    page = open_page("evaluation", evaluation=str(done.id), item="2")
    seen = shown(page)

    assert not page.exception
    assert "Item 2" in seen
    assert "too few to tell" in seen
    assert "Who computes?" in shown(open_page("evaluations"))


def test_a_vote_counts(app, open_page, done):
    page = open_page("evaluation", evaluation=str(done.id), item="1")
    button(page, "Yes").click().run()
    line = next(line for line in app.evaluations.lines(done) if (line.variant, line.item) == (0, 1))
    (cell,) = app.evaluations.cells(done, [line])

    assert [score.passed for score in cell.scores if score.who] == [True]


def test_a_paused_one_goes_on(app, open_page, dataset):
    app.evaluation_loop.stop()
    wanted = NewEvaluation(name="Slow", dataset_id=dataset.id, variants=(Variant(),))
    evaluation = app.evaluations.start(wanted, "ada").value
    page = open_page("evaluation", evaluation=str(evaluation.id))
    button(page, "Pause").click().run()
    assert app.evaluations.get(evaluation.id).status == "paused"
    button(page, "Go on").click().run()

    assert app.evaluations.get(evaluation.id).status == "running"
    assert over(app, evaluation).status == "done"


def test_a_run_becomes_an_item(app, open_page, done, dataset):
    run_id = app.evaluations.lines(done)[0].run_id
    button(open_page("run", run=str(run_id)), "Add").click().run()

    assert len(app.datasets.items(dataset.id)) == 4
    assert app.datasets.get(dataset.id).version == 2, "the version that was evaluated stays"


def test_several_evaluators_of_a_kind_stand_beside_each_other(app, open_page, dataset, clerk):
    judges = '[{"kind":"contains","texts":["a"]},{"kind":"contains","name":"not b","how":"none","texts":["b"]}]'
    page = open_page("evaluation_new", judges=judges)
    assert [area.value for area in texts_of(page)] == ["a", "b"]
    first, second = texts_of(page)
    first.set_value("c").run()
    page.button(key=second.key.replace("_texts", "_out")).click().run()
    page.selectbox(key="agent0").select(clerk.name).run()
    button(page, "Start the evaluation").click().run()
    (evaluation,) = app.evaluations.list()

    assert evaluation.evaluators[0].evaluator == Contains(texts=("c",))
    assert len(evaluation.evaluators) == 1
    assert over(app, evaluation).status == "done"


@pytest.mark.parametrize("judges", ["nonsense", '[{"kind":"guess"}]', '[{"kind":"contains","how":"maybe"}]', "{}"])
def test_an_address_that_names_no_evaluators_begins_with_the_usual_one(open_page, dataset, judges):
    page = open_page("evaluation_new", judges=judges)

    assert [area.value for area in texts_of(page)] == [""]


def texts_of(page):
    """The fields of evaluators that look for texts."""
    return [area for area in page.text_area if "_texts" in (area.key or "")]


def test_what_an_evaluation_proved_goes_live_from_its_results(app, open_page, dataset, clerk):
    agent = app.agents.get(clerk.id)
    app.gates.set(agent.id, Gate(dataset_id=dataset.id, evaluators=(Contains(),), minimum=0.5), "ada")
    spec = replace(app.agents.live_spec(agent), instructions="Count for the person.")
    assert app.agents.publish(agent.id, spec, "ada").value.held is not None
    evaluation = over(app, app.evaluations.start(app.gates.trial(agent.id, 2).value, "ada").value)
    page = open_page("evaluation", evaluation=str(evaluation.id))
    assert "The gate asks for 50 %" in shown(page)
    button(page, "Make live").click().run()

    assert app.agents.get(agent.id).live_revision == 2
    assert app.gates.releases(agent.id)[0].evaluation_id == evaluation.id
    assert "Proved: " in shown(revisions_of(open_page, agent))


def revisions_of(open_page, agent):
    page = open_page("agent", agent=str(agent.id))
    page.session_state[f"tabs_{agent.id.hex}"] = "Revisions"
    return page.run()
