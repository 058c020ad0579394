"""Comparisons with a scripted server: columns on their own, turn by turn, and nothing that changes the world unseen."""

import json
import threading

import pytest

from core.domain.agent import AgentSpec, Parameters
from core.domain.attachment import Upload
from core.domain.result import Err, Ok
from core.domain.run import ENDED
from core.domain.tool import ToolChoice
from core.domain.variant import AdHocSpec, DraftSpec, Overrides, ParameterChanges, SavedSpec, Variant
from core.services.runs import StartRun
from tests.support.answers import Answer, calls, text
from tests.support.scripted import Request, ScriptedServer
from tests.support.workspace import ENDPOINT, rested, started, workspace

WRITE = ("notebook_write", '{"notebook": "n", "text": "once"}')


def good(result):
    assert isinstance(result, Ok), result
    return result.value


def ad_hoc(instructions: str = "", tools: tuple[str, ...] = (), endpoint: str = ENDPOINT, policy="allow") -> Variant:
    chosen = tuple(ToolChoice(name, policy) for name in tools)
    return Variant(source=AdHocSpec(spec=AgentSpec(instructions=instructions, endpoint=endpoint, tools=chosen)))


def compared(app, *variants: Variant, mode="dry_run", message: str = "hello"):
    """A comparison whose first message has been answered, as far as it goes by itself."""
    one = good(app.comparisons.create(variants, "ada", tool_mode=mode))
    return settled(app, good(app.comparison_runs.send(one.id, message, "ada")))


def writes_once(request: Request) -> Answer:
    """A model that writes into the notebook, then says so."""
    return text("noted") if request.json["messages"][-1]["role"] == "tool" else calls(WRITE)


def settled(app, one):
    for run in one.runs():
        rested(app, run)
    return app.comparisons.get(one.id)


def views(app, one, turn: int = -1):
    """The shown run of each column, in their order."""
    return [app.runs.view(one.turns[turn].cell(column.id).run) for column in one.shown]


def test_every_column_answers_the_same_message_with_its_own_settings(settings):
    with ScriptedServer(text("one"), text("two")) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc("Be brief."), ad_hoc("Be kind."))
        found = views(app, one)

    assert [view.run.status for view in found] == ["done", "done"]
    assert {view.run.output for view in found} == {"one", "two"}
    assert [view.state.spec.instructions for view in found] == ["Be brief.", "Be kind."]
    assert {view.run.kind for view in found} == {"compare"}
    assert one.title == "hello"
    assert {view.run.tags for view in found} == {(f"comparison:{one.id}",)}


def test_the_columns_go_on_as_separate_conversations(settings):
    with ScriptedServer(*[text(f"answer {n}") for n in range(4)]) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(), ad_hoc())
        one = settled(app, good(app.comparison_runs.send(one.id, "and now?", "ada")))
        first, second = views(app, one, 0), views(app, one, 1)

    for before, after in zip(first, second, strict=True):
        assert after.run.parent_run_id == before.run.id
        assert [message.content for message in after.state.spec.history] == ["hello", before.run.output]


def test_a_file_goes_to_every_column_and_with_every_repetition(settings):
    with ScriptedServer(*[text(f"answer {n}") for n in range(3)]) as server, workspace(settings, server) as app:
        one = good(app.comparisons.create([ad_hoc(), ad_hoc()], "ada"))
        note = Upload("note.txt", b"The key is under the flower pot.")
        one = settled(app, good(app.comparison_runs.send(one.id, "", "ada", files=[note])))
        one = settled(app, good(app.comparison_runs.run_again(one.id, 0, "ada", [one.columns[0].id])))
        asked = [request.json["messages"][-1]["content"] for request in server.requests]

    assert one.title == "note.txt"
    assert [attachment.name for attachment in one.turns[0].attachments] == ["note.txt"]
    assert len(asked) == 3
    assert all("under the flower pot" in str(content) for content in asked)


def test_one_columns_failure_is_its_own(settings):
    with ScriptedServer(text("fine")) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(), ad_hoc(endpoint="nowhere"))
        well, ill = one.columns
        cell = one.turns[0].cell(ill.id)

    assert one.turns[0].cell(well.id).run is not None
    assert (cell.run, "no endpoint named nowhere" in cell.problem) == (None, True)


def test_the_next_message_waits_until_every_column_has_finished(settings):
    with ScriptedServer(calls(WRITE), calls(WRITE)) as server, workspace(settings, server) as app:
        one = compared(app, *[ad_hoc(tools=("notebook_write",), policy="ask")] * 2, mode="live")
        refused = app.comparison_runs.send(one.id, "next", "ada")
        good(app.comparison_runs.stop(one.id, "ada"))
        ended = [rested(app, run).run.status for run in one.runs()]

    assert isinstance(refused, Err)
    assert ended == ["cancelled", "cancelled"]


def test_one_column_can_be_stopped_alone(settings):
    with ScriptedServer(calls(WRITE), calls(WRITE)) as server, workspace(settings, server) as app:
        one = compared(app, *[ad_hoc(tools=("notebook_write",), policy="ask")] * 2, mode="live")
        good(app.comparison_runs.stop(one.id, "ada", one.columns[0].id))
        first, second = (rested(app, run).run.status for run in one.runs())

    assert (first, second) == ("cancelled", "waiting")


def test_by_default_no_column_changes_the_world(settings):
    with ScriptedServer(respond=writes_once) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(tools=("notebook_write",)), ad_hoc(tools=("notebook_write",)))
        found = views(app, one)

    assert [view.run.status for view in found] == ["done", "done"]
    assert all(view.state.steps[0].calls[0].finished.dry_run for view in found)
    assert [view.run.totals.calls_executed for view in found] == [0, 0]


def writes_its_own(request: Request) -> Answer:
    """A model that writes what its prompt says."""
    messages = request.json["messages"]
    if messages[-1]["role"] == "tool":
        return text("noted")
    return calls(("notebook_write", json.dumps({"notebook": "n", "text": messages[0]["content"]})))


def test_live_a_write_that_no_other_column_wants_goes_through(settings):
    variants = [ad_hoc(words, tools=("notebook_write",)) for words in ("one", "two", "three")]
    with ScriptedServer(respond=writes_its_own) as server, workspace(settings, server) as app:
        one = good(app.comparisons.create(variants, "ada", tool_mode="live"))
        one = good(app.comparison_runs.send(one.id, "hello", "ada"))
        found = ended(app, one)
        answered = [view.state.steps[0].calls[0].answered for view in found]

    assert [view.run.status for view in found] == ["done"] * 3
    assert [view.run.totals.calls_executed for view in found] == [1] * 3
    assert {(one.say, one.who) for one in answered} == {("approve", "No other column")}


def test_live_the_same_write_asked_for_by_two_columns_waits_for_a_decision(settings):
    with ScriptedServer(respond=writes_once) as server, workspace(settings, server, adopt=True) as app:
        one = compared(app, *[ad_hoc(tools=("notebook_write",))] * 2, mode="live")
        app.comparison_writes.close()  # whoever asked has been looked at
        made = [view.run.totals.calls_executed for view in views(app, one)]
        waiting = [view.run for view in views(app, one) if view.run.status == "waiting"]
        good(app.decisions.deny(waiting[-1].id, "1.0", "ada"))
        denied = rested(app, waiting[-1].id)

    assert sum(made) <= 1, "at most the one that asked first"
    assert waiting
    assert denied.run.totals.calls_executed == 0


def test_live_a_tool_that_is_to_ask_asks_in_every_case(settings):
    with ScriptedServer(respond=writes_its_own) as server, workspace(settings, server) as app:
        variants = [ad_hoc(words, tools=("notebook_write",), policy="ask") for words in ("one", "two")]
        one = compared(app, *variants, mode="live")
        app.comparison_writes.close()

        assert [view.run.status for view in views(app, one)] == ["waiting", "waiting"]


def ended(app, one):
    """The columns' runs at their end."""
    pause = threading.Event()
    for _ in range(600):
        found = views(app, one)
        if all(view.run.status in ENDED for view in found):
            return found
        pause.wait(0.05)
    raise AssertionError([view.run.status for view in found])


def test_a_recorded_result_stands_in_for_the_call(settings):
    with ScriptedServer(respond=writes_once) as server, workspace(settings, server) as app:
        before = rested(app, started(app, tools=("notebook_write",)).id)
        one = compared(app, ad_hoc(tools=("notebook_write",)), ad_hoc(tools=("notebook_write",)), mode="recorded")
        outcomes = [view.state.steps[0].calls[0].finished for view in views(app, one)]

    real = before.state.steps[0].calls[0].finished
    assert [outcome.output for outcome in outcomes] == [real.output] * 2
    assert [outcome.source for outcome in outcomes] == [f"{before.run.id}/1.0"] * 2


def test_a_sample_that_a_person_kept_wins_over_newer_and_outlasts_older_results(settings, monkeypatch):
    with ScriptedServer(respond=writes_once) as server, workspace(settings, server) as app:
        kept = rested(app, started(app, tools=("notebook_write",)).id).run
        rested(app, started(app, tools=("notebook_write",)).id)
        good(app.tool_samples.keep("notebook_write", kept.id, "ada"))
        sources = []
        for earlier_runs in (200, 1):
            monkeypatch.setattr("core.services.recorded_results.EARLIER_RUNS", earlier_runs)
            one = compared(app, ad_hoc(tools=("notebook_write",)), ad_hoc(tools=("notebook_write",)), mode="recorded")
            sources += [view.state.steps[0].calls[0].finished.source for view in views(app, one)]

    assert sources == [f"{kept.id}/1.0"] * 4


def test_a_message_can_be_run_again_and_several_times(settings):
    with ScriptedServer(*[text(f"answer {n}") for n in range(6)]) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(), ad_hoc())
        first = one.columns[0].id
        one = settled(app, good(app.comparison_runs.run_again(one.id, 0, "ada", [first])))
        one = settled(app, good(app.comparison_runs.run_again(one.id, 0, "ada", [first], times=3)))
        refused = app.comparison_runs.run_again(one.id, 0, "ada", [first], times=500)

    assert len(one.turns[0].cell(first).runs) == 5
    assert isinstance(refused, Err)


def test_a_column_that_is_added_catches_up_message_by_message(settings):
    with ScriptedServer(*[text(f"answer {n}") for n in range(6)]) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(), ad_hoc())
        one = good(app.comparisons.add_column(one.id, ad_hoc("Late.")))
        late = one.columns[2].id
        one = settled(app, good(app.comparison_runs.send(one.id, "two", "ada")))
        skipped = one.turns[1].cell(late).run
        for turn in (0, 1):
            one = settled(app, good(app.comparison_runs.run_again(one.id, turn, "ada", [late])))
        view = app.runs.view(one.turns[1].cell(late).run)

    assert skipped is None
    assert len(view.state.spec.history) == 2


def test_from_a_run_of_a_revision(settings):
    with ScriptedServer(text("first"), text("second")) as server, workspace(settings, server) as app:
        agent = good(app.agents.create("Clerk", AgentSpec(endpoint=ENDPOINT, instructions="Be brief."), "ada"))
        run = good(app.runs.start(StartRun(input="hello", agent_id=agent.id)))
        rested(app, run.id)
        one = good(app.comparisons.from_run(run.id, "ada"))
        other = one.columns[1].id
        changes = Overrides(parameters=ParameterChanges(temperature=0.9))
        good(
            app.comparisons.change_column(one.id, other, Variant(source=one.columns[1].variant.source, changes=changes))
        )
        one = settled(app, good(app.comparison_runs.run_again(one.id, 0, "ada", [other])))
        old, new = views(app, one)

    assert one.columns[0].variant.source == SavedSpec(agent_id=agent.id, revision=1)
    assert (old.run.id, one.origin_run_id) == (run.id, run.id)
    assert (new.state.input, new.state.spec.parameters) == ("hello", Parameters(temperature=0.9))


def test_from_a_run_in_the_middle_of_a_conversation_the_other_column_begins_where_it_began(settings):
    with ScriptedServer(text("first"), text("second"), text("third")) as server, workspace(settings, server) as app:
        first = rested(app, started(app).id).run
        second = rested(app, started(app, "go on", parent_run_id=first.id).id).run
        one = good(app.comparisons.from_run(second.id, "ada"))
        one = settled(app, good(app.comparison_runs.run_again(one.id, 0, "ada", [one.columns[1].id])))
        history = [message.content for message in views(app, one)[1].state.spec.history]

    assert history == ["hello", "first"]


def test_the_winner_becomes_the_live_revision_and_the_draft_stays(settings):
    with workspace(settings) as app:
        agent = good(app.agents.create("Clerk", AgentSpec(instructions="Be brief."), "ada"))
        draft = AgentSpec(instructions="Something else.")
        good(app.agents.save_draft(agent.id, draft, "bob"))
        warm = Variant(source=SavedSpec(agent_id=agent.id), changes=Overrides(model="large"))
        one = good(app.comparisons.create([warm, Variant(source=DraftSpec(agent_id=agent.id))], "ada"))
        saved = good(app.comparisons.save_winner(one.id, one.columns[0].id, "ada", "It won"))
        after = app.agents.get(agent.id)

    assert (saved.is_new, saved.revision.number, saved.revision.note) == (True, 2, "It won")
    assert saved.revision.spec == AgentSpec(instructions="Be brief.", model="large")
    assert after.draft == draft


def test_a_column_without_an_agent_has_no_revision_to_save(settings):
    with workspace(settings) as app:
        one = good(app.comparisons.create([ad_hoc(), ad_hoc()], "ada"))
        assert isinstance(app.comparisons.save_winner(one.id, one.columns[0].id, "ada"), Err)


def test_blind_votes_are_kept(settings):
    with ScriptedServer(text("one"), text("two")) as server, workspace(settings, server) as app:
        one = compared(app, ad_hoc(), ad_hoc())
        blind = good(app.comparisons.make_blind(one.id))
        voted = good(app.comparisons.vote(one.id, 0, blind.shown[0].id, "ada"))
        open_again = good(app.comparisons.reveal(one.id))

    assert set(blind.shuffled) == {column.id for column in one.columns}
    assert [(vote.winner, vote.blind) for vote in voted.votes] == [(blind.shown[0].id, True)]
    assert (open_again.is_blind, open_again.votes) == (False, voted.votes)


def test_the_one_that_was_changed_last_is_listed_first(settings):
    with workspace(settings) as app:
        older, newer = (good(app.comparisons.create([ad_hoc(), ad_hoc()], "ada", title)) for title in ("x 1", "x 2"))
        good(app.comparisons.rename(older.id, "x 3"))
        assert [one.title for one in app.comparisons.list("x")] == ["x 3", "x 2"]
        good(app.comparisons.archive(newer.id))
        assert [one.title for one in app.comparisons.list()] == ["x 3"]
        assert [one.title for one in app.comparisons.list(archived=True)] == ["x 2"]


@pytest.mark.parametrize("number", [1, 5])
def test_two_to_four_variants(settings, number):
    with workspace(settings) as app:
        assert isinstance(app.comparisons.create([ad_hoc()] * number, "ada"), Err)


def test_a_run_that_is_asked_for_twice_under_one_id_starts_once(settings):
    with ScriptedServer(text("once")) as server, workspace(settings, server) as app:
        first = rested(app, started(app).id).run
        again = good(app.runs.start(StartRun(input="hello", run_id=first.id)))

    assert again.id == first.id
    assert len(server.requests) == 1
