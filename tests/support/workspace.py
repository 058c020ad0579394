"""A whole App on a database of its own, with a scripted server as its endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from core.bootstrap import App, build
from core.domain.agent import AgentSpec
from core.domain.result import Ok
from core.domain.run import Run
from core.domain.tool import ToolChoice
from core.services.runs import RunView, StartRun
from core.settings import Settings
from tests.support.scripted import MODEL, ScriptedServer

ENDPOINT = "scripted"
LIMIT_S = 15.0


@contextmanager
def workspace(settings: Settings, server: ScriptedServer | None = None, *, adopt: bool = False) -> Iterator[App]:
    """Built as the program builds it, its worker started; closed afterwards."""
    app = build(settings, adopt=adopt)
    try:
        if server is not None and app.endpoints.get(ENDPOINT) is None:
            assert isinstance(app.endpoints.add(ENDPOINT, server.base_url, "test", model=MODEL), Ok)
        app.executor.start()
        yield app
    finally:
        app.close()


def started(app: App, text: str = "hello", tools: tuple[str, ...] = (), **changes: object) -> Run:
    """A run of an ad hoc agent with these built-in tools."""
    spec = AgentSpec(endpoint=ENDPOINT, tools=tuple(ToolChoice(name) for name in tools))
    result = app.runs.start(StartRun(**({"input": text, "spec": spec, "kind": "cli"} | changes)))
    assert isinstance(result, Ok), result
    return result.value


def rested(app: App, run_id: UUID) -> RunView:
    """The run once it ended or waits for a person."""
    run = app.runs.wait(run_id, LIMIT_S)
    assert run is not None
    assert run.status not in {"queued", "running"}, run
    view = app.runs.view(run_id)
    assert view is not None
    return view
