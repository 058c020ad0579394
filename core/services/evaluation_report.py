"""What an evaluation came to, as tables, sentences and files."""

import csv
import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from uuid import UUID

import msgspec

from core.domain.canonical import Json
from core.domain.evaluation import Cell, CellLine, Evaluation, NotRecorded, Progress, Score
from core.domain.evaluation_results import VariantSummary, Which, gain, items_by, summary
from core.domain.evaluator import Evaluator
from core.domain.names import told_apart
from core.domain.sampling import Difference, difference_words
from core.services.evaluations import EvaluationService

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula; answers of models are not to be executed there."""

_HEAD = ("variant", "item", "repeat", "status", "passed", "output", "seconds", "tokens", "cost_usd")
_PIECE = 500
"""Cells that are read at once, with their answers."""
_MOST_LINES = 60_000
"""Of all evaluations whose numbers are kept together; the last one is kept however large it is."""


class NamedSummary(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    summary: VariantSummary


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with its numbers. Differences are told from the first variant."""

    evaluation: Evaluation
    progress: Progress
    lines: list[CellLine]
    items: dict[Which, tuple[int, ...]]
    """The numbers of the items by filter."""
    variants: tuple[NamedSummary, ...]
    by_evaluator: dict[tuple[str, int], tuple[int, int]]
    """By evaluator's revision and variant: how many cells passed, of how many judged."""
    gains: tuple[Difference, ...]
    """Of every variant after the first."""
    differences: tuple[str, ...]
    not_recorded: tuple[NotRecorded, ...] = ()


class ReportService:
    """Reads evaluations; changes nothing. What was counted is kept while no answer and no score has changed."""

    def __init__(self, evaluations: EvaluationService) -> None:
        self._evaluations = evaluations
        self._lock = threading.Lock()
        self._kept: dict[UUID, Report] = {}
        """The one that was asked for last stands at the end."""

    def report(self, evaluation: Evaluation) -> Report:
        with self._lock:
            kept = self._kept.pop(evaluation.id, None)
        if kept is None or kept.evaluation.changes != evaluation.changes:
            kept = self._counted(evaluation)
        if evaluation.status == "running" or kept.progress.under_way:
            kept = msgspec.structs.replace(kept, progress=self._evaluations.progress(evaluation))
        self._keep(kept)
        return msgspec.structs.replace(kept, evaluation=evaluation)

    def cells(self, evaluation: Evaluation) -> Iterator[Cell]:
        """All of them, with their answers; read piece by piece."""
        lines = self._evaluations.lines(evaluation)
        for start in range(0, len(lines), _PIECE):
            yield from self._evaluations.cells(evaluation, lines[start : start + _PIECE])

    def _keep(self, report: Report) -> None:
        with self._lock:
            self._kept[report.evaluation.id] = report
            while len(self._kept) > 1 and sum(len(one.lines) for one in self._kept.values()) > _MOST_LINES:
                del self._kept[next(iter(self._kept))]

    def _counted(self, evaluation: Evaluation) -> Report:
        lines = self._evaluations.lines(evaluation)
        of = [[line for line in lines if line.variant == place] for place in range(len(evaluation.plan.variants))]
        names = [variant.name for variant in evaluation.plan.variants]
        gains = tuple(gain(of[0], theirs) for theirs in of[1:])
        judged = any(line.passed is not None for line in lines)
        told = zip(gains, names[1:], strict=True) if judged else ()
        return Report(
            evaluation=evaluation,
            progress=self._evaluations.progress(evaluation),
            lines=lines,
            items=items_by(lines),
            variants=tuple(
                NamedSummary(name=name, summary=summary(theirs)) for name, theirs in zip(names, of, strict=True)
            ),
            by_evaluator=self._evaluations.by_evaluator(evaluation),
            gains=gains,
            differences=tuple(difference_words(found, names[0], name) for found, name in told),
            not_recorded=self._evaluations.not_recorded(evaluation),
        )


def report_object(report: Report) -> dict[str, Json]:
    """A report for programs."""
    return {
        **progress_object(report.evaluation, report.progress),
        "name": report.evaluation.name,
        "reason": report.evaluation.reason,
        "variants": [{"name": one.name, **_summary_object(one.summary)} for one in report.variants],
        "differences": [
            {"variant": one.name, "from": report.variants[0].name, **msgspec.to_builtins(found), "words": words}
            for one, found, words in zip(report.variants[1:], report.gains, report.differences, strict=False)
        ],
        "not_recorded": [one._asdict() for one in report.not_recorded],
    }


def progress_object(evaluation: Evaluation, progress: Progress) -> dict[str, Json]:
    return {
        "evaluation_id": str(evaluation.id),
        "status": evaluation.status,
        **msgspec.to_builtins(progress),
        "left_s": progress.left_s,
    }


def _summary_object(found: VariantSummary) -> dict[str, Json]:
    told: dict[str, Json] = msgspec.to_builtins(found)
    return told


def json_pieces(evaluation: Evaluation, cells: Iterable[Cell]) -> Iterator[bytes]:
    """Every cell for programs: one array, piece by piece."""
    names = _names(evaluation)
    before = b"["
    for cell in cells:
        yield before + msgspec.json.encode(_cell_object(evaluation, names, cell))
        before = b",\n"
    yield b"]" if before != b"[" else b"[]"


def _cell_object(evaluation: Evaluation, names: dict[str, str], cell: Cell) -> dict[str, Json]:
    line = cell.line
    return {
        "variant": evaluation.plan.variants[line.variant].name,
        "item": line.item,
        "repeat": line.repeat,
        "run_id": str(line.run_id) if line.run_id else None,
        "status": line.status or line.state,
        "passed": line.passed,
        "output": cell.output,
        "problem": cell.problem,
        "seconds": line.seconds,
        "tokens": line.tokens,
        "cost_usd": line.cost_usd,
        "scores": [_score_object(names, score) for score in cell.scores],
    }


def _score_object(names: dict[str, str], score: Score) -> dict[str, Json]:
    return {
        "evaluator": names[score.evaluator],
        "revision": score.evaluator,
        "passed": score.passed,
        "value": score.value,
        "reason": score.reason,
        "who": score.who,
    }


def csv_pieces(evaluation: Evaluation, cells: Iterable[Cell]) -> Iterator[str]:
    """A line a cell, a column an evaluator, piece by piece."""
    names = _names(evaluation)
    yield _csv_line([*_HEAD, *map(_harmless, names.values()), "run_id"])
    for cell in cells:
        told = _cell_object(evaluation, names, cell)
        by_name = {score.evaluator: score.passed for score in cell.scores}
        row = [*(told[name] for name in _HEAD), *(by_name.get(name) for name in names), told["run_id"]]
        yield _csv_line([_harmless(value) if isinstance(value, str) else value for value in row])


def _csv_line(values: Sequence[Json]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text


def _names(evaluation: Evaluation) -> dict[str, str]:
    """What evaluators are called, by revision: no two the same."""
    used = evaluation.by_hash
    return dict(zip(used, told_apart([called(one.evaluator) for one in used.values()]), strict=True))


def called(evaluator: Evaluator) -> str:
    """Its name, else what kind it is."""
    return evaluator.name or str(evaluator.__struct_config__.tag).replace("_", " ")
