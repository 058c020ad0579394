"""What an evaluation came to, as tables, sentences and files."""

import csv
import io
from collections.abc import Iterable, Sequence

import msgspec

from core.domain.canonical import Json
from core.domain.evaluation import Cell, CellLine, Evaluation, NotRecorded, Progress
from core.domain.evaluation_results import VariantSummary, gain, summary
from core.domain.evaluator import Evaluator
from core.domain.names import told_apart
from core.domain.sampling import Difference, difference_words
from core.services.evaluations import EvaluationService

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for a formula; answers of models are not to be executed there."""


class NamedSummary(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    summary: VariantSummary


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """An evaluation with its numbers. Differences are told from the first variant."""

    evaluation: Evaluation
    progress: Progress
    lines: list[CellLine]
    variants: tuple[NamedSummary, ...]
    gains: tuple[Difference, ...]
    """Of every variant after the first."""
    differences: tuple[str, ...]
    not_recorded: tuple[NotRecorded, ...] = ()


class ReportService:
    """Reads evaluations; changes nothing."""

    def __init__(self, evaluations: EvaluationService) -> None:
        self._evaluations = evaluations

    def report(self, evaluation: Evaluation) -> Report:
        lines = self._evaluations.lines(evaluation)
        of = [[line for line in lines if line.variant == place] for place in range(len(evaluation.plan.variants))]
        names = [variant.name for variant in evaluation.plan.variants]
        gains = tuple(gain(of[0], theirs) for theirs in of[1:])
        judged = any(line.passed is not None for line in lines)
        return Report(
            evaluation=evaluation,
            progress=self._evaluations.progress(evaluation),
            lines=lines,
            variants=tuple(
                NamedSummary(name=name, summary=summary(theirs)) for name, theirs in zip(names, of, strict=True)
            ),
            gains=gains,
            differences=tuple(
                difference_words(found, names[0], name) for found, name in zip(gains, names[1:], strict=True) if judged
            ),
            not_recorded=self._evaluations.not_recorded(evaluation),
        )

    def cells(self, evaluation: Evaluation) -> list[Cell]:
        """All of them, with their answers."""
        return self._evaluations.cells(evaluation, self._evaluations.lines(evaluation))


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


def cell_objects(evaluation: Evaluation, cells: Iterable[Cell]) -> list[dict[str, Json]]:
    """Every cell for programs."""
    names = _names(evaluation)
    return [
        {
            "variant": evaluation.plan.variants[cell.line.variant].name,
            "item": cell.line.item,
            "repeat": cell.line.repeat,
            "run_id": str(cell.line.run_id) if cell.line.run_id else None,
            "status": cell.line.status or cell.line.state,
            "passed": cell.line.passed,
            "output": cell.output,
            "problem": cell.problem,
            "seconds": cell.line.seconds,
            "tokens": cell.line.tokens,
            "cost_usd": cell.line.cost_usd,
            "scores": [
                {
                    "evaluator": names[score.evaluator],
                    "revision": score.evaluator,
                    "passed": score.passed,
                    "value": score.value,
                    "reason": score.reason,
                    "who": score.who,
                }
                for score in cell.scores
            ],
        }
        for cell in cells
    ]


def to_csv(evaluation: Evaluation, cells: Sequence[Cell]) -> str:
    """A line a cell, a column an evaluator."""
    names = _names(evaluation)
    head = ["variant", "item", "repeat", "status", "passed", "output", "seconds", "tokens", "cost_usd"]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*head, *map(_harmless, names.values()), "run_id"])
    for told, cell in zip(cell_objects(evaluation, cells), cells, strict=True):
        by_name = {score.evaluator: score.passed for score in cell.scores}
        row = [*(told[name] for name in head), *(by_name.get(name) for name in names), told["run_id"]]
        writer.writerow([_harmless(value) if isinstance(value, str) else value for value in row])
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
