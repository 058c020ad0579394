import json
import threading

import pytest

from core.domain.agent import AgentSpec, Parameters, Variable
from core.domain.dataset import GridChanges, Item
from core.domain.evaluation import CellKey
from core.domain.evaluation_results import gain, items_by, summary
from core.domain.evaluator import Contains, Exact, HumanVote, Judge, Latency, Matches, ToolUse
from core.domain.model_info import Price
from core.domain.result import Err
from core.domain.run_query import RunFilter
from core.domain.tool import ToolChoice
from core.domain.variant import SavedSpec, Variant
from core.services.evaluation_report import csv_pieces, json_pieces
from core.services.evaluations import NewEvaluation
from tests.support.evaluations import asked, begun, echo, over, variant
from tests.support.scripted import ScriptedServer, calls, status, text
from tests.support.workspace import ENDPOINT, workspace

ITEMS = [Item(input=f"word{number}", expected=f"word{number}") for number in range(1, 6)]


@pytest.fixture
def echoing(settings):
    with ScriptedServer(respond=echo) as server, workspace(settings, server) as app:
        yield app, server


def passed(app, evaluation):
    return {tuple(line[:3]): line.passed for line in app.evaluations.lines(app.evaluations.get(evaluation.id))}


def test_every_cell_is_a_run_and_is_judged(echoing):
    app, server = echoing
    evaluation = begun(
        app, ITEMS, variant("plain"), variant("polite", instructions="Sir,"), evaluators=(Exact(),), repeats=2
    )
    done = over(app, evaluation)
    lines = app.evaluations.lines(done)

    assert done.status == "done"
    assert done.ended_at is not None
    assert len(lines) == len(server.requests) == 20
    assert len({line.run_id for line in lines}) == 20
    assert {line.passed for line in lines if line.variant == 0} == {True}
    assert {line.passed for line in lines if line.variant == 1} == {False}
    assert {run.kind for run in app.runs.list(RunFilter(batch_id=evaluation.id))} == {"evaluation"}
    assert {run.priority for run in app.runs.list()} == {0}
    plain = summary([line for line in lines if line.variant == 0])
    assert (plain.pass_rate, plain.items, plain.cells) == (1.0, 5, 10)
    assert list(items_by(lines)["different"]) == [1, 2, 3, 4, 5]
    assert gain([x for x in lines if x.variant == 0], [x for x in lines if x.variant == 1]).losses == 5


def test_editing_the_agent_and_the_dataset_meanwhile_changes_nothing(echoing):
    app, server = echoing
    agent = app.agents.create("Clerk", AgentSpec(endpoint=ENDPOINT, instructions="One"), "ada").value
    evaluation = begun(app, ITEMS, Variant(source=SavedSpec(agent_id=agent.id)), evaluators=(Contains(),))
    app.agents.publish(agent.id, AgentSpec(endpoint=ENDPOINT, instructions="Two"), "ada")
    app.datasets.edit(evaluation.dataset_id, GridChanges(deleted=(1, 2, 3)), "ada")
    done = over(app, evaluation)

    assert [asked(request) for request in server.requests].count("word1") == 1
    assert {request.json["messages"][0]["content"] for request in server.requests} == {"One"}
    assert done.plan.variants[0].name == "Clerk, revision 1"
    assert app.datasets.get(evaluation.dataset_id).version == 2


def test_variables_come_from_the_item_and_what_lacks_them_is_said_before(echoing):
    app, _ = echoing
    items = [Item(input="a", variables={"town": "Rome"}, expected="In Rome: a"), Item(input="b")]
    needy = variant("needy", instructions="In {{town}}:", variables=(Variable(name="town"),))
    dataset = app.datasets.create("Items", "ada", items=items).value
    wanted = NewEvaluation(name="Towns", dataset_id=dataset.id, variants=(needy,), evaluators=(Exact(),))
    estimate = app.evaluations.estimate(wanted).value
    done = over(app, app.evaluations.start(wanted, "ada").value)
    cells = app.evaluations.cells(done, app.evaluations.lines(done))

    assert any("1 items give no good value" in note and "town" in note for note in estimate.notes)
    assert [(cell.line.state, cell.line.passed) for cell in cells] == [("ended", True), ("impossible", None)]
    assert "town" in cells[1].problem


def test_a_failed_run_is_an_error_and_the_others_go_on(settings):
    def moody(request):
        return status(500, {"error": {"message": "no"}}) if asked(request) == "word2" else echo(request)

    with ScriptedServer(respond=moody) as server, workspace(settings, server) as app:
        done = over(app, begun(app, ITEMS, evaluators=(Exact(),)))
        lines = app.evaluations.lines(done)

        assert list(items_by(lines)["errors"]) == [2]
        assert summary(lines).pass_rate == 0.8
        assert app.evaluations.progress(done).failed == 1


def test_no_more_than_wanted_are_under_way_at_once(settings):
    gate = threading.Event()
    with (
        ScriptedServer(respond=lambda request: echo(request).held_by(gate)) as server,
        workspace(settings, server) as app,
    ):
        evaluation = begun(app, ITEMS, evaluators=(Exact(),), parallel=2)
        app.evaluation_drive.advance(evaluation.id)
        server.wait_for(2)
        for _ in range(3):
            app.evaluation_drive.advance(evaluation.id)
        assert len(server.requests) == 2
        assert app.evaluations.progress(evaluation).under_way == 2
        gate.set()
        assert over(app, evaluation).status == "done"


def test_paused_it_begins_nothing_and_resumed_it_goes_on(echoing):
    app, server = echoing
    evaluation = begun(app, ITEMS, evaluators=(Exact(),), parallel=1)
    app.evaluation_drive.advance(evaluation.id)
    app.evaluations.pause(evaluation.id)
    for run_id in app.evaluation_drive.open_runs(evaluation.id):
        app.runs.wait(run_id, 10)
    app.evaluation_drive.advance(evaluation.id)

    assert (len(server.requests), app.evaluations.progress(evaluation).ended) == (1, 1)
    assert app.evaluation_drive.open() == set()
    app.evaluations.resume(evaluation.id)
    assert over(app, evaluation).status == "done"
    assert len(server.requests) == 5


def test_cancelled_it_stops_what_is_under_way(settings):
    with ScriptedServer(respond=lambda _: text("never ").stall_after(2)) as server, workspace(settings, server) as app:
        evaluation = begun(app, ITEMS, evaluators=(Exact(),), parallel=2)
        app.evaluation_drive.advance(evaluation.id)
        server.wait_for(2)
        app.evaluations.cancel(evaluation.id, "ada")
        runs = [app.runs.wait(line.run_id, 10) for line in app.evaluations.lines(evaluation) if line.run_id]
        app.evaluation_drive.advance(evaluation.id)

        assert {run.status for run in runs} == {"cancelled"}
        assert len(server.requests) == 2
        assert app.evaluations.get(evaluation.id).status == "cancelled"
        assert isinstance(app.evaluations.resume(evaluation.id), Err)


def test_answers_are_judged_again_without_being_asked_for_again(echoing):
    app, server = echoing
    evaluation = over(app, begun(app, ITEMS, evaluators=(Exact(), Latency(at_most_s=60))))
    assert set(passed(app, evaluation).values()) == {True}

    app.evaluations.judge_again(evaluation.id, (Matches(pattern="[12]$"), Latency(at_most_s=60)))
    done = over(app, evaluation)

    assert list(passed(app, done).values()) == [True, True, False, False, False]
    assert len(server.requests) == 5
    app.evaluations.judge_again(evaluation.id, (Exact(),))
    assert set(passed(app, over(app, evaluation)).values()) == {True}


def test_a_judging_model_is_a_run_of_its_own(settings):
    def judging(request):
        said = asked(request)
        if "Rubric:" not in said:
            return echo(request)
        good = "word1" in said
        return text(f'I think. {{"score": {0.9 if good else 0.1}, "reason": "{"good" if good else "bad"}"}}')

    rubric = Judge(rubric="Names the first word.", endpoint=ENDPOINT, temperature=None)
    with ScriptedServer(respond=judging) as server, workspace(settings, server) as app:
        done = over(app, begun(app, ITEMS[:2], evaluators=(rubric,)))
        cells = app.evaluations.cells(done, app.evaluations.lines(done))
        scores = [cell.scores[0] for cell in cells]
        journal = app.runs.view(scores[0].run_id)

    assert [(score.passed, score.value, score.reason) for score in scores] == [(True, 0.9, "good"), (False, 0.1, "bad")]
    assert "Rubric:\nNames the first word." in journal.state.input
    assert journal.run.tags == (f"evaluation:{done.id}", "judge")


def test_people_vote_and_the_majority_counts(echoing):
    app, _ = echoing
    question = HumanVote()
    done = over(app, begun(app, ITEMS[:1], evaluators=(question,)))
    cell = CellKey(0, 1, 1)
    assert passed(app, done) == {(0, 1, 1): None}

    for who, says in (("ada", True), ("bob", False), ("cleo", False), ("bob", True)):
        app.evaluations.vote(done.id, cell, question, who, passed=says)

    assert passed(app, done) == {(0, 1, 1): True}


@pytest.fixture
def costly():
    """Each run reserves 1.15 dollars or so, since a token is at least a byte of the request, and uses 0.06."""
    price = Price(input_usd=1_000.0, output_usd=10_000.0)
    return {"price": price, "variants": (variant("costly", parameters=Parameters(max_tokens=100)),), "parallel": 5}


def test_the_ceiling_stops_before_it_is_overshot_and_a_higher_one_goes_on(echoing, costly):
    app, server = echoing
    done = over(app, begun(app, ITEMS, evaluators=(Exact(),), ceiling_usd=1.15, **costly))

    assert done.status == "paused"
    assert "ceiling" in done.reason
    assert app.evaluations.progress(done).charged_usd == pytest.approx(0.06)
    assert len(server.requests) == 1
    app.evaluations.resume(done.id, ceiling_usd=100.0)
    assert over(app, done).status == "done"
    assert len(server.requests) == 5


def test_runs_at_once_reserve_before_they_begin_and_give_back_what_they_do_not_use(settings, costly):
    gate = threading.Event()
    with (
        ScriptedServer(respond=lambda request: echo(request).held_by(gate)) as server,
        workspace(settings, server) as app,
    ):
        evaluation = begun(app, ITEMS, ceiling_usd=2.6, **costly)
        app.evaluation_drive.advance(evaluation.id)
        app.evaluation_drive.advance(evaluation.id)
        server.wait_for(2)

        assert app.evaluations.progress(evaluation).under_way == 2
        assert 2.2 < app.evaluations.progress(evaluation).charged_usd <= 2.6
        gate.set()
        assert over(app, evaluation).status == "done"
        assert app.evaluations.progress(evaluation).charged_usd == pytest.approx(0.3)


def test_what_it_takes_is_told_before(echoing):
    app, server = echoing
    dataset = app.datasets.create("Items", "ada", items=ITEMS).value
    wanted = NewEvaluation(
        name="Try",
        dataset_id=dataset.id,
        variants=(variant("a", parameters=Parameters(max_tokens=100)), variant("b", tools=(ToolChoice("calculator"),))),
        repeats=2,
        evaluators=(Exact(),),
    )
    unknown = app.evaluations.estimate(wanted).value
    refused = app.evaluations.estimate(
        NewEvaluation(**{f: getattr(wanted, f) for f in wanted.__struct_fields__} | {"ceiling_usd": 1.0})
    )

    assert (unknown.items, unknown.runs, unknown.calls, unknown.most_calls) == (5, 20, 20, 210)
    assert unknown.bound_usd is None
    assert any("price" in note for note in unknown.notes)
    assert isinstance(refused, Err)
    assert refused.field == "ceiling_usd"
    assert server.requests == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": " "}, "name"),
        ({"variants": ()}, "variants"),
        ({"repeats": 0}, "repeats"),
        ({"parallel": 1000}, "parallel"),
        ({"evaluators": (Matches(pattern="("),)}, "evaluators"),
        ({"evaluators": (Judge(rubric=" "),)}, "evaluators"),
        ({"evaluators": (Exact(), Exact(name="again"))}, "evaluators"),
    ],
)
def test_what_cannot_work_is_refused_before_anything_begins(echoing, changes, field):
    app, _ = echoing
    dataset = app.datasets.create("Items", "ada", items=ITEMS).value
    values = {"name": "Try", "dataset_id": dataset.id, "variants": (variant(),)} | changes

    refused = app.evaluations.start(NewEvaluation(**values), "ada")

    assert isinstance(refused, Err)
    assert refused.field == field
    assert app.evaluations.list() == []


def test_tools_that_change_the_world_are_dry_unless_asked_for(settings):
    write = calls(("notebook_write", '{"notebook": "n", "text": "t"}'))

    def writer(request):
        return write if len(request.json["messages"]) == 1 else text("done")

    with ScriptedServer(respond=writer) as server, workspace(settings, server) as app:
        evaluators = (ToolUse(how="called", tools=("notebook_write",)),)
        done = over(app, begun(app, ITEMS[:1], variant(tools=(ToolChoice("notebook_write"),)), evaluators=evaluators))
        (line,) = app.evaluations.lines(done)

        assert line.passed is True
        assert "Dry run" in app.runs.view(line.run_id).state.steps[0].calls[0].finished.output


def test_the_loop_of_a_server_drives_what_it_begins(settings):
    with ScriptedServer(respond=echo) as server, workspace(settings, server, adopt=True) as app:
        evaluation = begun(app, ITEMS, evaluators=(Exact(),))
        waited = threading.Event()
        for _ in range(600):
            if app.evaluations.get(evaluation.id).status == "done":
                break
            waited.wait(0.05)

        assert app.evaluations.get(evaluation.id).status == "done"
        assert len(server.requests) == 5


def test_two_who_drive_the_same_evaluation_start_every_cell_once(settings):
    items = [Item(input=f"item{number}") for number in range(40)]
    with ScriptedServer(respond=echo) as server, workspace(settings, server) as app:
        with workspace(settings, server) as other:
            evaluation = begun(app, items, parallel=8)
            threads = [threading.Thread(target=over, args=(one, evaluation)) for one in (app, other)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

            assert app.evaluations.get(evaluation.id).status == "done"
            assert sorted(map(asked, server.requests)) == sorted(item.input for item in items)


def test_the_price_of_a_model_whose_name_has_a_colon_is_found(settings):
    listed = {"id": "llama3:8b", "pricing": {"input": 1.0, "output": 2.0}, "context_length": 8_000}
    listing = status(200, {"object": "list", "data": [listed]})
    with ScriptedServer(listing=listing) as server, workspace(settings, server) as app:
        dataset = app.datasets.create("Items", "ada", items=ITEMS).value
        named = variant(model="llama3:8b", parameters=Parameters(max_tokens=10))
        estimate = app.evaluations.estimate(NewEvaluation(name="Try", dataset_id=dataset.id, variants=(named,))).value

    assert not any("price" in note for note in estimate.notes)
    assert 0 < estimate.bound_usd < 1


def test_several_evaluators_of_one_kind_are_named_apart(echoing):
    app, _ = echoing
    both = (Contains(texts=("word1",)), Contains(texts=("word",)), Contains(name="all", how="any", texts=("w",)))
    done = over(app, begun(app, ITEMS[:2], evaluators=both))
    sheet = "".join(csv_pieces(done, app.evaluation_reports.cells(done)))
    cells = json.loads(b"".join(json_pieces(done, app.evaluation_reports.cells(done))))

    assert sheet.splitlines()[0].endswith("contains,contains (2),all,run_id")
    assert json.loads(b"".join(json_pieces(done, []))) == []
    told = {score["evaluator"]: score["passed"] for score in cells[1]["scores"]}
    assert told == {"contains": False, "contains (2)": True, "all": True}


def reads_notebook(request):
    """Asks the notebook of the item's name, then repeats what it was told."""
    last = request.json["messages"][-1]
    if last["role"] == "tool":
        return text(last["content"])
    return calls(("notebook_read", json.dumps({"notebook": last["content"]})))


def test_recorded_tools_answer_as_they_did_before_and_what_is_missing_is_named(settings):
    reader = variant(tools=(ToolChoice("notebook_read"),))
    with ScriptedServer(respond=reads_notebook) as server, workspace(settings, server) as app:
        first = over(app, begun(app, ITEMS[:2], reader))
        told = {line.item: app.runs.view(line.run_id).state.ended.output for line in app.evaluations.lines(first)}
        app.datasets.edit(first.dataset_id, GridChanges(added=(Item(input="never read"),)), "ada")
        again = over(app, begun(app, [], reader, tool_mode="recorded"))
        views = {line.item: app.runs.view(line.run_id) for line in app.evaluations.lines(again)}
        missing = app.evaluations.not_recorded(again)

        assert {item: views[item].state.ended.output for item in (1, 2)} == told
        assert all(views[item].state.totals.calls_executed == 0 for item in views)
        assert told[1] in {one.output for one in views[1].state.recorded.values()}
        assert "only recorded results are used" in views[3].state.steps[0].calls[0].refused.reason
        assert [(one.tool, json.loads(one.arguments), one.cells) for one in missing] == [
            ("notebook_read", {"notebook": "never read"}, 1)
        ]
        assert app.evaluations.not_recorded(first) == ()


def test_that_nothing_of_a_tool_is_recorded_is_said_before_the_start(echoing):
    app, _ = echoing
    dataset = app.datasets.create("Items", "ada", items=ITEMS).value
    wanted = NewEvaluation(
        name="Try",
        dataset_id=dataset.id,
        variants=(variant(tools=(ToolChoice("notebook_read"), ToolChoice("notebook_write"))),),
        tool_mode="recorded",
    )
    notes = app.evaluations.estimate(wanted).value.notes

    assert [note for note in notes if "recorded" in note] == [
        "Nothing that notebook_read ever answered is recorded: its calls will be refused, and the model is told so."
    ]
