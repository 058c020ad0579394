"""A ceiling that many cells share is set aside call by call: together they never overshoot it."""

import json
import threading
from decimal import Decimal

import pytest

from core.db.unit import UnitOfWork
from core.domain.agent import Parameters
from core.domain.dataset import Item
from core.domain.evaluator import Contains, Judge
from core.domain.model_info import Price
from core.domain.purse import NO_ROOM, Charge
from core.domain.run_query import RunFilter
from core.domain.tool import ToolChoice
from core.ids import new_id
from core.repositories.accounts import AccountRepository
from tests.support.evaluations import asked, begun, over, variant
from tests.support.scripted import ScriptedServer, calls, text
from tests.support.workspace import ENDPOINT, workspace

PRICE = Price(input_usd=10.0, output_usd=1_000.0)
ANSWER_TOKENS = 100
ITEMS = [Item(input=f"word{number}", expected="done") for number in range(40)]
TOOLS = (ToolChoice("calculator"),)


class Till:
    """Counts what a server was paid, if every call costs the most that it may: a token a byte, and the whole answer."""

    def __init__(self):
        self.paid_usd = Decimal(0)
        self._lock = threading.Lock()

    def usage(self, request):
        usage = {"prompt_tokens": len(request.body), "completion_tokens": ANSWER_TOKENS}
        with self._lock:
            self.paid_usd += Decimal(usage["prompt_tokens"] * 10 + ANSWER_TOKENS * 1_000) / 1_000_000
        return usage | {"total_tokens": sum(usage.values())}


def three_steps(till):
    """A model that calculates twice, then answers; every step is paid for."""

    def respond(request):
        usage = till.usage(request)
        if "Rubric:" in asked(request):
            return text('{"score": 1, "reason": ""}', usage=usage)
        told = sum(message["role"] == "tool" for message in request.json["messages"])
        if told < 2:
            return calls(("calculator", json.dumps({"expression": f"{told} + 1"})), usage=usage)
        return text("done", usage=usage)

    return respond


def at_rest(app, evaluation):
    """Once nothing of it is under way."""
    done = over(app, evaluation)
    for run_id in app.evaluation_drive.open_runs(evaluation.id):
        app.runs.wait(run_id, 30)
    app.evaluation_drive.advance(evaluation.id)
    return done


def costly(**changes):
    return variant("costly", tools=TOOLS, parameters=Parameters(max_tokens=ANSWER_TOKENS), **changes)


@pytest.mark.parametrize("ceiling_usd", [0.4, 2.0, 5.5])
def test_many_cells_at_once_do_not_overshoot_it_together(settings, ceiling_usd):
    till = Till()
    with ScriptedServer(respond=three_steps(till)) as server, workspace(settings, server) as app:
        evaluation = begun(
            app, ITEMS, costly(), evaluators=(Contains(),), ceiling_usd=ceiling_usd, price=PRICE, parallel=40
        )
        done = at_rest(app, evaluation)
        progress = app.evaluations.progress(done)

        assert done.status == "paused"
        assert "leaves no room" in done.reason
        assert 0 < till.paid_usd <= Decimal(str(ceiling_usd))
        assert progress.charged_usd == pytest.approx(float(till.paid_usd))
        assert ceiling_usd / 0.33 - 1 <= progress.ended <= ceiling_usd / 0.31, (
            "no more than one is stopped in the middle"
        )
        assert progress.under_way == progress.failed == 0

        app.evaluations.resume(done.id, ceiling_usd=100.0)
        done = over(app, evaluation)
        lines = app.evaluations.lines(done)
        progress = app.evaluations.progress(done)

    assert done.status == "done"
    assert {line.passed for line in lines} == {True}
    assert progress.charged_usd == pytest.approx(float(till.paid_usd))


def test_judging_models_are_paid_from_the_same_ceiling(settings):
    till = Till()
    rubric = Judge(rubric="Says done.", endpoint=ENDPOINT, max_tokens=ANSWER_TOKENS)
    with ScriptedServer(respond=three_steps(till)) as server, workspace(settings, server) as app:
        evaluation = begun(app, ITEMS[:12], costly(), evaluators=(rubric,), ceiling_usd=2.5, price=PRICE, parallel=12)
        done = over(app, evaluation)

        assert done.status == "paused"
        assert 0 < till.paid_usd <= Decimal("2.5")
        app.evaluations.resume(done.id, ceiling_usd=100.0)
        assert over(app, evaluation).status == "done"
        assert {line.passed for line in app.evaluations.lines(evaluation)} == {True}


def test_what_is_not_used_is_free_again_so_that_more_is_done_than_was_set_aside_at_first(settings):
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    with ScriptedServer(respond=lambda _: text("done", usage=usage)) as server, workspace(settings, server) as app:
        done = over(app, begun(app, ITEMS, costly(), ceiling_usd=0.5, price=PRICE, parallel=40))

        assert done.status == "done", "three calls at once were all that could be set aside"
        assert app.evaluations.progress(done).charged_usd == pytest.approx(40 * 0.00101)


def test_a_run_that_is_stopped_in_the_middle_says_so_and_its_cell_is_asked_again(settings):
    till = Till()
    with ScriptedServer(respond=three_steps(till)) as server, workspace(settings, server) as app:
        done = over(app, begun(app, ITEMS[:1], costly(), ceiling_usd=0.25, price=PRICE))
        (stopped,) = app.runs.list(RunFilter(batch_id=done.id))
        (line,) = app.evaluations.lines(done)

        assert (stopped.status, stopped.error_kind) == ("failed", "cost_limit")
        assert NO_ROOM in app.runs.view(stopped.id).state.ended.error.message
        assert (line.state, line.run_id) == ("planned", None)
        assert len(server.requests) == 2, "the third call was never made"


@pytest.fixture
def account(engine):
    """An account of one dollar."""
    account = new_id()
    with UnitOfWork(engine) as unit:
        AccountRepository(unit.session).open(account, 1.0)
        unit.commit()
    return account


def charge(account, usd, run_id=None, attempt=1):
    return Charge(account=account, run_id=run_id or new_id(), effect="1.m", attempt=attempt, usd=usd)


def test_who_asks_again_for_the_same_call_has_it_and_a_lost_attempt_stays_charged(engine, account):
    first = charge(account, 0.4)
    with UnitOfWork(engine) as unit:
        accounts = AccountRepository(unit.session)
        assert [accounts.reserve(first) for _ in range(2)] == ["granted", "granted"]
        assert accounts.charged_usd(account) == pytest.approx(0.4)
        assert accounts.reserve(charge(account, 0.4, first.run_id, attempt=2)) == "granted"
        assert accounts.charged_usd(account) == pytest.approx(0.8)
        accounts.settle(first)
        assert accounts.end(first.run_id) == pytest.approx(0.8)


def test_who_finds_no_room_waits_while_others_may_give_back(engine, account):
    first, second = charge(account, 0.7), charge(account, 0.7)
    with UnitOfWork(engine) as unit:
        accounts = AccountRepository(unit.session)
        assert (accounts.reserve(first), accounts.reserve(second)) == ("granted", "wait")
        accounts.settle(Charge(account=account, run_id=first.run_id, effect="1.m", attempt=1, usd=0.2))
        assert accounts.reserve(second) == "granted"
        accounts.end(second.run_id)
        assert accounts.reserve(charge(account, 0.7)) == "refused"
        assert accounts.reserve(charge(new_id(), 0.1)) == "refused", "nobody knows this account"


def test_threads_that_reserve_at_once_never_get_more_than_there_is(engine, account):
    start, granted = threading.Barrier(8), []

    def reserve():
        start.wait()
        for _ in range(5):
            with UnitOfWork(engine) as unit:
                granted.append(AccountRepository(unit.session).reserve(charge(account, 0.09)))
                unit.commit()

    threads = [threading.Thread(target=reserve) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert granted.count("granted") == 11
