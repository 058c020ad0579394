"""Evaluations of a scripted model that answers by what it is asked."""

import threading

from core.bootstrap import App
from core.domain.agent import AgentSpec
from core.domain.dataset import Item
from core.domain.evaluation import Evaluation
from core.domain.result import Ok
from core.domain.variant import AdHocSpec, Variant
from core.services.evaluations import NewEvaluation
from tests.support.scripted import Request, text
from tests.support.workspace import ENDPOINT

LIMIT_S = 60.0


def asked(request: Request) -> str:
    """The last thing a request says."""
    return request.json["messages"][-1]["content"]


def echo(request: Request):
    """Answers with what it was asked, and with its system prompt before it."""
    first = request.json["messages"][0]
    prefix = f"{first['content']} " if first["role"] == "system" else ""
    return text(prefix + asked(request))


def variant(name: str = "", **spec: object) -> Variant:
    return Variant(name=name, source=AdHocSpec(spec=AgentSpec(**({"endpoint": ENDPOINT} | spec))))


def begun(app: App, items: list[Item], *variants: Variant, **wanted: object) -> Evaluation:
    dataset = app.datasets.by_name("Items") or app.datasets.create("Items", "ada", items=items).value
    new = NewEvaluation(
        **({"name": "Try", "dataset_id": dataset.id, "variants": variants or (variant("only"),)} | wanted)
    )
    result = app.evaluations.start(new, "ada")
    assert isinstance(result, Ok), result
    return result.value


def over(app: App, evaluation: Evaluation) -> Evaluation:
    """The evaluation once it rests; turns are taken here unless the app's own loop does."""
    tick, left = threading.Event(), int(LIMIT_S / 0.02)
    while (now := app.evaluations.get(evaluation.id)).status == "running" and left:
        app.evaluation_drive.advance(evaluation.id)
        tick.wait(0.02)
        left -= 1
    assert now.status != "running", app.evaluations.progress(now)
    return now
