"""Reports of large evaluations: counted once while nothing changes, read piece by piece."""

import json

import pytest
from sqlalchemy import text

from core.domain.dataset import Item
from core.domain.evaluation import CellKey
from core.domain.evaluator import Contains, Exact, HumanVote
from core.services.evaluation_report import csv_pieces, json_pieces
from core.services.evaluations import NewEvaluation
from tests.support.evaluations import variant
from tests.support.scripted import ScriptedServer
from tests.support.workspace import workspace

ITEMS = 10_000
_RUNS = """
INSERT INTO runs (id, kind, status, input, output, totals, ended_at)
SELECT gen_random_uuid(), 'evaluation', 'done', item || ':' || variant, 'word ' || repeat('and more ', 20) || item,
  jsonb_build_object('active_s', 1 + item % 3, 'usage', jsonb_build_object(
    'prompt_tokens', 50, 'completion_tokens', item % 50, 'total_tokens', 50 + item % 50)), now()
FROM evaluation_cells
"""
_CELLS = (
    "UPDATE evaluation_cells c SET run_id = r.id, state = 'ended' FROM runs r WHERE r.input = item || ':' || variant"
)
_SCORES = """
INSERT INTO scores (evaluation_id, variant, item, repeat, evaluator, passed, value)
SELECT evaluation_id, variant, item, repeat, :evaluator, (item + variant) % 10 > variant, 0.5 FROM evaluation_cells
"""


@pytest.fixture
def large(settings):
    """An evaluation of two variants on ten thousand items, as if it had run."""
    with ScriptedServer() as server, workspace(settings, server) as app:
        items = [Item(input=f"word{number}") for number in range(ITEMS)]
        dataset = app.datasets.create("Items", "ada", items=items).value
        wanted = NewEvaluation(
            name="Large",
            dataset_id=dataset.id,
            variants=(variant("a"), variant("b")),
            evaluators=(Exact(), Contains(), HumanVote()),
        )
        evaluation = app.evaluations.start(wanted, "ada").value
        with app._parts.engine.begin() as connection:
            for statement in (_RUNS, _CELLS):
                connection.execute(text(statement))
            for name in list(evaluation.by_hash)[:2]:
                connection.execute(text(_SCORES), {"evaluator": name})
            connection.execute(text("UPDATE evaluations SET status = 'done'"))
        yield app, app.evaluations.get(evaluation.id)


def test_ten_thousand_items_are_counted_once_while_nothing_changes(large):
    app, evaluation = large
    first, again = (app.evaluation_reports.report(evaluation) for _ in range(2))

    assert again.lines is first.lines
    assert [one.summary.pass_rate for one in first.variants] == [0.9, 0.8]
    assert {which: len(items) for which, items in first.items.items()} == {
        "all": ITEMS,
        "failed": 2_000,
        "different": 1_000,
        "errors": 0,
    }
    assert first.variants[0].summary.seconds_box == (1, 1, 2, 3, 3)
    assert first.gains[0].says == "worse"
    (vote,) = (used.evaluator for used in evaluation.evaluators if isinstance(used.evaluator, HumanVote))
    app.evaluations.vote(evaluation.id, CellKey(0, 1, 1), vote, "ada", passed=False)
    changed = app.evaluation_reports.report(app.evaluations.get(evaluation.id))
    assert changed.lines is not first.lines
    assert changed.variants[0].summary.pass_rate == pytest.approx(0.8999)


def test_ten_thousand_items_are_exported_piece_by_piece(large):
    app, evaluation = large
    rows = sum(1 for _ in csv_pieces(evaluation, app.evaluation_reports.cells(evaluation)))
    cells = json.loads(b"".join(json_pieces(evaluation, app.evaluation_reports.cells(evaluation))))

    assert rows == 1 + 2 * ITEMS
    assert len(cells) == 2 * ITEMS
    assert cells[-1]["output"].endswith(str(ITEMS))
    assert [score["evaluator"] for score in cells[0]["scores"]] == ["exact", "contains"]


def test_numbers_of_other_evaluations_give_way_to_large_ones(large, monkeypatch):
    app, evaluation = large
    monkeypatch.setattr("core.services.evaluation_report._MOST_LINES", 1)
    first = app.evaluation_reports.report(evaluation)
    dataset = app.datasets.create("Other", "ada", items=[Item(input="x")]).value
    wanted = NewEvaluation(name="Small", dataset_id=dataset.id, variants=(variant("a"),))
    app.evaluation_reports.report(app.evaluations.start(wanted, "ada").value)

    assert app.evaluation_reports.report(evaluation).lines is not first.lines
