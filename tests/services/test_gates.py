import pytest

from core.domain.agent import AgentSpec
from core.domain.dataset import GridChanges, Item
from core.domain.evaluator import Contains, Exact, Matches
from core.domain.gate import Gate
from core.domain.result import Err
from core.domain.variant import DraftSpec, SavedSpec, Variant
from core.ids import new_id
from core.services.evaluations import NewEvaluation
from tests.support.evaluations import asked, echo, over
from tests.support.scripted import ScriptedServer, status
from tests.support.workspace import ENDPOINT, workspace

LIVE = AgentSpec(endpoint=ENDPOINT)
POLITE = AgentSpec(endpoint=ENDPOINT, instructions="Sir,")
ITEMS = [Item(input=f"word{number}", expected=f"word{number}") for number in range(1, 5)]


@pytest.fixture
def app(settings):
    with ScriptedServer(respond=echo) as server, workspace(settings, server) as app:
        yield app


@pytest.fixture
def dataset(app):
    return app.datasets.create("Words", "ada", items=ITEMS).value


@pytest.fixture
def clerk(app, dataset):
    """Whose answers have to hold what is expected, at three of four items."""
    agent = app.agents.create("Clerk", LIVE, "ada").value
    return app.gates.set(agent.id, Gate(dataset_id=dataset.id, evaluators=(Contains(),), minimum=0.75), "ada").value


def tried(app, clerk, number):
    """The evaluation that the gate asks for, at its end."""
    return over(app, app.evaluations.start(app.gates.trial(clerk.id, number).value, "ada").value)


def live(app, clerk):
    return app.agents.get(clerk.id).live_revision


def test_what_nothing_has_proved_is_kept_and_is_not_live(app, clerk):
    app.agents.save_draft(clerk.id, POLITE, "ada")
    first, again = (app.agents.save_revision(clerk.id, "ada").value for _ in range(2))
    agent = app.agents.get(clerk.id)

    assert (first.revision.number, first.is_new, again.is_new) == (2, True, False)
    assert "asks for 75 % of Words, version 1. No finished evaluation" in first.held.words
    assert (agent.live_revision, agent.draft) == (1, POLITE)
    assert app.gates.waiting(agent) == first.revision
    assert app.gates.make_live(clerk.id, 2, "ada").field == "gate"
    assert app.gates.releases(clerk.id) == []


def test_what_an_evaluation_proved_goes_live_and_the_proof_is_kept(app, clerk):
    number = app.agents.publish(clerk.id, POLITE, "ada").value.revision.number
    evaluation = tried(app, clerk, number)
    saved = app.gates.make_live(clerk.id, number, "bob").value
    (release,) = app.gates.releases(clerk.id)

    assert (live(app, clerk), saved.held) == (2, None)
    assert (release.revision, release.evaluation_id, release.rate, release.minimum) == (2, evaluation.id, 1.0, 0.75)
    assert (release.who, release.reason) == ("bob", "")
    assert app.gates.waiting(app.agents.get(clerk.id)) is None


def test_a_draft_that_was_tried_goes_live_when_it_is_saved(app, clerk, dataset):
    app.agents.save_draft(clerk.id, POLITE, "ada")
    draft = Variant(source=DraftSpec(agent_id=clerk.id))
    wanted = NewEvaluation(
        name="Before", dataset_id=dataset.id, variants=(draft,), evaluators=(Exact(), Contains(name="holds it"))
    )
    over(app, app.evaluations.start(wanted, "ada").value)

    assert app.agents.save_revision(clerk.id, "ada").value.held is None, "other evaluators beside it do not count"
    assert app.agents.get(clerk.id).draft is None


def test_below_the_pass_rate_it_stays_and_says_how_far_it_came(settings):
    def moody(request):
        return status(500, {"error": {"message": "no"}}) if asked(request) in {"word1", "word2"} else echo(request)

    with ScriptedServer(respond=moody) as server, workspace(settings, server) as app:
        dataset = app.datasets.create("Words", "ada", items=ITEMS).value
        agent = app.agents.create("Clerk", LIVE, "ada").value
        app.gates.set(agent.id, Gate(dataset_id=dataset.id, evaluators=(Contains(),), minimum=0.75), "ada")
        app.agents.publish(agent.id, POLITE, "ada")
        tried(app, agent, 2)
        refused = app.gates.make_live(agent.id, 2, "ada")

        assert (refused.kind, live(app, agent)) == ("conflict", 1)
        assert "“Revision 2 of Clerk” came to 50 % of 4 items." in refused.message


def test_a_person_may_pass_it_over_with_a_reason_that_is_kept(app, clerk):
    app.agents.publish(clerk.id, POLITE, "ada")
    assert isinstance(app.gates.make_live(clerk.id, 2, "ada", "  "), Err)
    app.gates.make_live(clerk.id, 2, "ada", "A customer waits.")
    (release,) = app.gates.releases(clerk.id)

    assert live(app, clerk) == 2
    assert (release.reason, release.who, release.evaluation_id, release.minimum) == (
        "A customer waits.",
        "ada",
        None,
        0.75,
    )


@pytest.mark.parametrize(
    ("evaluators", "versions"),
    [((Exact(),), 1), ((Contains(how="any"),), 1), ((Contains(),), 2)],
    ids=["other evaluators", "another revision of the evaluator", "a dataset that changed since"],
)
def test_only_what_the_gate_asks_for_counts(app, clerk, dataset, evaluators, versions):
    app.agents.publish(clerk.id, POLITE, "ada")
    variant = Variant(source=SavedSpec(agent_id=clerk.id, revision=2))
    wanted = NewEvaluation(name="Else", dataset_id=dataset.id, variants=(variant,), evaluators=evaluators)
    over(app, app.evaluations.start(wanted, "ada").value)
    for _ in range(versions - 1):
        app.datasets.edit(dataset.id, GridChanges(added=(Item(input="new", expected="new"),)), "ada")

    assert app.gates.make_live(clerk.id, 2, "ada").field == "gate"


def test_one_that_is_under_way_proves_nothing_yet(app, clerk):
    saved = app.agents.publish(clerk.id, POLITE, "ada").value
    evaluation = app.evaluations.start(app.gates.trial(clerk.id, 2).value, "ada").value
    standing = app.gates.standing(app.agents.get(clerk.id), saved.revision.spec)

    assert (standing.under_way, standing.proof, standing.is_met) == (evaluation.id, None, False)


def test_without_a_gate_a_revision_is_live_at_once(app, clerk):
    app.agents.publish(clerk.id, POLITE, "ada")
    app.gates.set(clerk.id, None, "ada")

    assert app.agents.publish(clerk.id, POLITE, "ada").value.revision.number == 2, "it waited; it is not made twice"
    assert live(app, clerk) == 2
    assert [(one.minimum, one.reason) for one in app.gates.releases(clerk.id)] == [(None, "")]


def test_a_file_of_a_gated_agent_is_imported_and_not_live(app, clerk):
    text = app.agents.export_yaml(clerk.id).value.replace(f"endpoint: {ENDPOINT}", f"endpoint: {ENDPOINT}\n  model: m")
    imported = app.agents.import_yaml(text, "ada").value

    assert (imported.revision_number, imported.is_new, live(app, clerk)) == (2, True, 1)
    assert "Words" in imported.held.words


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"minimum": 0.0}, "minimum"),
        ({"minimum": 1.01}, "minimum"),
        ({"evaluators": ()}, "evaluators"),
        ({"evaluators": (Matches(pattern="("),)}, "evaluators"),
        ({"dataset_id": new_id()}, "dataset"),
    ],
)
def test_a_gate_that_proves_nothing_is_refused(app, clerk, dataset, changes, field):
    gate = Gate(**{"dataset_id": dataset.id, "evaluators": (Contains(),), "minimum": 1.0} | changes)

    assert app.gates.set(clerk.id, gate, "ada").field == field
    assert app.agents.get(clerk.id).gate == clerk.gate
