"""Hugging Face tasks as tools: drafted, shown as a model sees them and as they are sent, tried, kept."""

import asyncio
import json
from collections.abc import Sequence
from typing import Protocol

import msgspec
from sqlalchemy import Engine

from core.clients.hub_lookup import HUB, Served, look_up
from core.clients.hub_task import TaskCall, providers_of, request_of
from core.clients.outbound import Outbound, OutboundRequest
from core.db.unit import UnitOfWork
from core.domain.attachment import Upload
from core.domain.canonical import Json
from core.domain.result import Err, Ok, Result
from core.domain.run import Run
from core.domain.spec_check import Problem
from core.domain.tool import ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.repositories.preferences import PreferenceRepository
from core.services.keeping import keep
from core.services.tool_catalogue import ToolCatalogue
from core.services.tool_maker import KeptTool, RequestPreview, ToolMaker
from core.tools.files import Medium
from core.tools.hub.definition import HUB_SECRET, HubTask, definition_of, problems, tool_of
from core.tools.hub.task import DRAWN, Option, Task
from core.tools.hub.tasks import TASKS, task_named

__all__ = ["TASKS", "HubTask", "HubTools", "Medium", "Option", "Served", "Task"]

_SHOWN = "The person is shown it; you are told its name."
_BODY_CHARS = 4_000


class TryOut(Protocol):
    """Starts a recorded run of one call of a tool."""

    def __call__(self, tool: ToolSpec, arguments_json: str, who: str, files: Sequence[Upload], /) -> Result[Run]: ...


class HubTools:
    """One draft for each person and tool; the tool without a name is the one that does not exist yet."""

    def __init__(
        self,
        engine: Engine,
        catalogue: ToolCatalogue,
        maker: ToolMaker,
        outbound: Outbound,
        try_out: TryOut,
        hub: str = HUB,
        allow: tuple[str, ...] = (),
    ) -> None:
        """`hub`: where models are looked up; `allow`: hosts at which it may be although they are private."""
        self._engine, self._catalogue, self._maker = engine, catalogue, maker
        self._outbound, self._try_out = outbound, try_out
        self._hub, self._allow = hub, allow

    def begin(self, task: Task) -> HubTask:
        """What a form holds when a task was chosen: everything that has a sensible value has one."""
        says = f"{task.says} {_SHOWN}" if task.gives in DRAWN else task.says
        model = task.models[0] if task.models else ""
        return HubTask(name=task.stem, description=says, task=task.name, model=model, provider=task.provider)

    def problems(self, written: HubTask) -> tuple[Problem, ...]:
        """What keeps it from being a tool."""
        return problems(written)

    def tool(self, written: HubTask) -> ToolSpec:
        """The tool of a definition without problems."""
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

    def try_out(self, written: HubTask, arguments_json: str, who: str, files: Sequence[Upload] = ()) -> Result[Run]:
        """Call it once, kept or not; the run is journaled like any other."""
        if wrong := problems(written):
            return Err("invalid", wrong[0].message, wrong[0].field)
        return self._try_out(tool_of(written), arguments_json, who, files)

    def keep(self, name: str, written: HubTask, who: str) -> Result[KeptTool]:
        """Add a tool, or replace the one of its name, and forget the draft. Runs under way keep what they began with."""
        if wrong := problems(written):
            return Err("invalid", wrong[0].message, wrong[0].field)
        kept = self._maker.keep(tool_of(written), who, is_new=not name)
        if not isinstance(kept, Err):
            self.discard(name, who)
        return kept

    def get(self, name: str, who: str) -> HubTask:
        """What was typed so far, else the tool as it stands, else nothing."""
        if kept := self._kept(name, who):
            return msgspec.json.decode(kept["draft"], type=HubTask)
        tool = self._catalogue.get(name) if name else None
        return definition_of(tool) if tool and tool.kind == "hf" else HubTask(task="")

    def is_begun(self, name: str, who: str) -> bool:
        """Whether something was typed that is not kept yet."""
        return bool(self._kept(name, who))

    def _kept(self, name: str, who: str) -> dict[str, Json]:
        with UnitOfWork(self._engine) as unit:
            return PreferenceRepository(unit.session).get(_key(name, who))

    def put(self, name: str, written: HubTask, who: str) -> Result[str]:
        # As text: the database would put the arguments into another order.
        value = {"draft": msgspec.json.encode(written).decode()}
        with UnitOfWork(self._engine) as unit:
            return keep(unit, PreferenceRepository(unit.session).put(_key(name, who), value, who))

    def discard(self, name: str, who: str) -> None:
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).delete(_key(name, who))
            unit.commit()


def _key(name: str, who: str) -> str:
    return f"hub_tool_draft:{name}:{who}"


def media_of(tool: ToolSpec) -> dict[str, Medium]:
    """The arguments of a tool that name files, and what each file has to be."""
    task = task_named(definition_of(tool).task) if tool.kind == "hf" else None
    return {one.name: one.medium for one in task.options if one.medium} if task else {}


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
