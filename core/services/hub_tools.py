"""Hugging Face tasks as tools: looked up, shown as a model sees them and as they are sent."""

import asyncio
import json

from core.clients.hub_lookup import HUB, Served, look_up
from core.clients.hub_task import TaskCall, providers_of, request_of
from core.clients.outbound import Outbound, OutboundRequest
from core.domain.canonical import Json
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import Problem
from core.domain.tool import ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.services.hub_desk import Desk, HubDesk
from core.services.tool_maker import RequestPreview
from core.tools.files import Medium
from core.tools.hub.definition import HUB_SECRET, HubTask, problems, tool_of
from core.tools.hub.media import media_of
from core.tools.hub.task import DRAWN, Option, Task
from core.tools.hub.tasks import TASKS, task_named

__all__ = ["TASKS", "HubTask", "HubTools", "Medium", "Option", "Served", "Task", "media_of"]

_SHOWN = "The person is shown it; you are told its name."
_BODY_CHARS = 4_000


class HubTools(HubDesk[HubTask]):
    """Tasks of models."""

    def __init__(self, desk: Desk, outbound: Outbound, hub: str = HUB, allow: tuple[str, ...] = ()) -> None:
        """`hub`: where models are looked up; `allow`: hosts at which it may be although they are private."""
        super().__init__(desk, HubTask(task=""))
        self._outbound, self._hub, self._allow = outbound, hub, allow

    def begin(self, task: Task) -> HubTask:
        """What a form holds when a task was chosen: everything that has a sensible value has one."""
        says = f"{task.says} {_SHOWN}" if task.gives in DRAWN else task.says
        model = task.models[0] if task.models else ""
        return HubTask(name=task.stem, description=says, task=task.name, model=model, provider=task.provider)

    def problems(self, written: HubTask) -> tuple[Problem, ...]:
        return problems(written)

    def tool(self, written: HubTask) -> ToolSpec:
        return tool_of(written)

    def providers(self, task: Task) -> tuple[str, ...]:
        """Who serves this task at all, as far as huggingface_hub knows."""
        return providers_of(task.name)

    def serving(self, model: str) -> Result[tuple[Served, ...]]:
        """Who serves a model, and under which name: the hub's server is asked."""
        try:
            return Ok(asyncio.run(look_up(self._outbound, model, self._hub, self._allow)).served)
        except FaultError as error:
            return Err("unavailable", error.fault.message, "model")
        except OutcomeUnknown as error:
            return Err("unavailable", str(error), "model")

    def request(self, written: HubTask, arguments: dict[str, Json]) -> Result[RequestPreview]:
        """The request of one call as huggingface_hub makes it, without its key; nothing is sent."""
        task = task_named(written.task)
        if wrong := problems(written):
            return Err("invalid", wrong[0].message, wrong[0].field)
        assert task is not None
        try:
            asked = asyncio.run(request_of(_sample(task, written, arguments)))
        except FaultError as error:
            return Err("invalid", error.fault.message, "provider")
        goes = (f"header authorization: ‹{written.secret}›",) if written.secret else ()
        headers = {name: value for name, value in asked.headers.items() if name != "authorization"}
        return Ok(RequestPreview(asked.method, asked.url, headers, _body(asked), goes))


def _sample(task: Task, written: HubTask, arguments: dict[str, Json]) -> TaskCall:
    """A call with something in the place of everything that is not given."""
    given = {**{one.name: _placeholder(one) for one in task.options if one.needed}, **arguments, **written.fixed}
    files = {one.name: _FILE for one in task.options if one.medium}
    shared = {name: getattr(written, name) for name in ("task", "model", "provider", "provider_model", "address")}
    # A key of the hub's own kind leads the same way as the real one would.
    key = "hf_key" if written.secret == HUB_SECRET else "key"
    return TaskCall(**shared, key=key if written.secret else "", inputs={**given, **files})


_FILE = b"the file"


def _placeholder(option: Option) -> Json:
    return ["…"] if option.type == "array" else f"‹{option.name}›"


def _body(asked: OutboundRequest) -> str:
    """JSON with room to read; the bytes of a file are not shown."""
    if asked.body == _FILE:
        return "(the file's bytes)"
    try:
        return json.dumps(json.loads(asked.body), indent=2, ensure_ascii=False)[:_BODY_CHARS]
    except ValueError:
        return asked.body.decode(errors="replace")[:_BODY_CHARS]
