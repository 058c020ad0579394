"""From what a person asks for to a frozen spec: prompt rendered, endpoint chosen, tools pinned."""

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

import msgspec

from core.domain.agent import Agent, AgentSpec, Revision
from core.domain.attachment import Attachment, Upload
from core.domain.endpoint import Endpoint
from core.domain.event import Recorded
from core.domain.message import Message, attached
from core.domain.result import Err, Ok, Result
from core.domain.run import RunKind, RunSpec
from core.domain.serving import Pin
from core.domain.template import render
from core.domain.tool import ToolChoice, ToolMode, ToolSpec
from core.repositories.attachments import StoredFile
from core.tools.agent.definition import definition_of
from core.tools.agent.definition import pinned as agent_as_tool
from core.tools.hub.media import media_of


class StartRun(msgspec.Struct, frozen=True, kw_only=True):
    """What a person, a command or a request asks for. Empty fields leave it to the agent."""

    input: str
    kind: RunKind = "chat"
    agent_id: UUID | None = None
    spec: AgentSpec | None = None
    """A draft, or a run without a saved agent; it wins over the agent's live revision."""
    revision: int | None = None
    conversation_id: UUID | None = None
    parent_run_id: UUID | None = None
    """The run this input replies to; None: the newest of the conversation."""
    from_start: bool = False
    """Reply to nothing: a new branch at the start of the conversation."""
    endpoint: str = ""
    model: str = ""
    tools: tuple[str, ...] | None = None
    """Names; they replace the agent's choice."""
    max_steps: int | None = None
    variables: dict[str, str] = {}
    earlier: tuple[Message, ...] = ()
    """A conversation that is kept elsewhere: what was said before this input."""
    earlier_files: tuple[StoredFile, ...] = ()
    """What its messages name and may not be stored yet."""
    added_instructions: str = ""
    """They follow the agent's own, as they are: nothing in them is filled in."""
    files: tuple[Upload, ...] = ()
    """Files beside the input, as a person gave them."""
    attachments: tuple[Attachment, ...] = ()
    """Files that are stored already, such as those of a message that is said again."""
    who: str = ""
    tags: tuple[str, ...] = ()
    run_id: UUID | None = None
    """Of the run to be, for a caller who keeps it first: however often it is asked for, it is started once."""
    tool_mode: ToolMode = "live"
    ask_before_writes: bool = False
    """A tool that changes the world waits for a person, whatever the agent's policy is."""
    recorded: tuple[Recorded, ...] = ()
    """Results that stand in for calls of the same tool with the same arguments."""
    batch_id: UUID | None = None
    """It is one of many: queued behind what people wait for, and paused together with the others of this id."""
    held: bool = False
    """With `batch_id`: queued, and nobody takes it up before the batch goes on."""


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """The agent and the spec a run starts from."""

    agent: Agent | None
    spec: AgentSpec
    revision: int | None
    """None: a draft or no saved agent."""


class AgentSource(Protocol):
    def get(self, agent_id: UUID) -> Agent | None: ...

    def live_spec(self, agent: Agent) -> AgentSpec: ...

    def revision(self, agent_id: UUID, number: int) -> Revision | None: ...


class ToolSource(Protocol):
    def get(self, name: str) -> ToolSpec | None: ...


class EndpointChoice(Protocol):
    @property
    def endpoint(self) -> Endpoint: ...


class EndpointSource(Protocol):
    def get(self, name: str) -> Endpoint | None: ...

    def choose(self, name: str = "") -> EndpointChoice: ...

    def supports_tools(self, endpoint: Endpoint) -> bool | None: ...

    def supports_images(self, endpoint: Endpoint, model: str) -> bool | None: ...

    def pin(self, endpoint: Endpoint, model: str, wanted: str) -> Pin: ...


class SpecBuilder:
    """Freezes what a run is made of."""

    def __init__(self, agents: AgentSource, endpoints: EndpointSource, tools: ToolSource) -> None:
        self._agents, self._endpoints, self._tools = agents, endpoints, tools

    def choose(self, start: StartRun) -> Result[Chosen]:
        """The agent and its spec, with what the start overrides."""
        agent = self._agents.get(start.agent_id) if start.agent_id else None
        if start.agent_id and agent is None:
            return Err("not_found", "This agent does not exist any more.")
        found = self._spec(start, agent)
        if isinstance(found, Err):
            return found
        spec, revision = found.value
        return Ok(Chosen(agent=agent, spec=_overridden(spec, start), revision=revision))

    def _spec(self, start: StartRun, agent: Agent | None) -> Result[tuple[AgentSpec, int | None]]:
        if start.spec is not None:
            return Ok((start.spec, None))
        if agent is None:
            return Ok((AgentSpec(), None))
        if start.revision is None:
            return Ok((self._agents.live_spec(agent), agent.live_revision))
        revision = self._agents.revision(agent.id, start.revision)
        if revision is None:
            return Err("not_found", f"{agent.name} has no revision {start.revision}.", "revision")
        return Ok((revision.spec, revision.number))

    def freeze(
        self,
        spec: AgentSpec,
        values: Mapping[str, str],
        history: tuple[Message, ...],
        attachments: Sequence[Attachment] = (),
    ) -> Result[RunSpec]:
        """The spec of a run. Everything that could differ later is decided here."""
        prompt = render(spec.instructions, spec.variables, values)
        if prompt.missing:
            return Err("invalid", f"The prompt needs a value for {', '.join(prompt.missing)}.", "variables")
        if prompt.bad:
            return Err("invalid", " ".join(bad.message for bad in prompt.bad), "variables")
        endpoint = self._endpoint(spec)
        if isinstance(endpoint, Err):
            return endpoint
        tools = self._pinned(spec.tools)
        if isinstance(tools, Err):
            return tools
        model = endpoint.value.model if endpoint.value.kind == "demo" else spec.model or endpoint.value.model
        if not model:
            return Err("invalid", f"Choose a model: the endpoint {endpoint.value.name} has no default.", "model")
        there = _for_model(endpoint.value, model)
        seen = self._seen(there, model, history, attachments)
        if isinstance(seen, Err):
            return seen
        offered, notes = self._offered(there, tools.value)
        pin = self._endpoints.pin(there, model, spec.provider)
        return Ok(
            RunSpec(
                instructions=prompt.text,
                filled=tuple(span for span in prompt.spans if span.origin == "variable"),
                history=history,
                endpoint=there,
                model=model,
                provider=pin.provider,
                parameters=spec.parameters,
                tools=offered,
                limits=spec.limits,
                retry=spec.retry,
                notes=tuple(filter(None, (*notes, *seen.value, pin.note))),
            )
        )

    def _offered(self, endpoint: Endpoint, tools: tuple[ToolSpec, ...]) -> tuple[tuple[ToolSpec, ...], tuple[str, ...]]:
        """The tools the model is given, and what to say about the others: a server may drop them without a word."""
        if not tools or self._endpoints.supports_tools(endpoint) is not False:
            return tools, ()
        names = ", ".join(tool.name for tool in tools)
        them = "1 tool was" if len(tools) == 1 else f"{len(tools)} tools were"
        return (), (f"This model cannot call tools; {them} not offered: {names}.",)

    def _seen(
        self, endpoint: Endpoint, model: str, history: Sequence[Message], attachments: Sequence[Attachment]
    ) -> Result[tuple[str, ...]]:
        """What to say about images; a model that is known not to see them is not asked about one."""
        before = attached(history, ())
        earlier, now = ([one for one in files if one.is_image] for files in (before, attachments))
        sees = self._endpoints.supports_images(endpoint, model) if earlier or now else True
        if sees is False:
            what = f"leave out {now[0].name}" if now else f"begin anew: {earlier[0].name} was attached before"
            return Err("invalid", f"{model} cannot see images. Choose a model that can, or {what}.", "attachments")
        if sees is None and now:
            return Ok((f"Whether {model} can see images is not known: its endpoint does not say.",))
        return Ok(())

    def looks_with_tools(self, spec: AgentSpec, attachments: Sequence[Attachment]) -> bool:
        """Whether the model is known not to see and has a tool that takes pictures."""
        if not any(one.is_image for one in attachments):
            return False
        tools = (self._tools.get(choice.name) for choice in spec.tools)
        endpoint = self._endpoint(spec)
        if isinstance(endpoint, Err) or not any(tool and "image" in media_of(tool).values() for tool in tools):
            return False
        model = endpoint.value.model if endpoint.value.kind == "demo" else spec.model or endpoint.value.model
        return self._endpoints.supports_images(_for_model(endpoint.value, model), model) is False

    def only_tool(self, name: str) -> Result[RunSpec]:
        """The spec of a run that is one call of one tool."""
        tools = self._pinned((ToolChoice(name),))
        return tools if isinstance(tools, Err) else Ok(RunSpec(tools=tools.value))

    def _endpoint(self, spec: AgentSpec) -> Result[Endpoint]:
        if not spec.endpoint:
            return Ok(self._endpoints.choose().endpoint)
        endpoint = self._endpoints.get(spec.endpoint)
        if endpoint is None:
            return Err("not_found", f"There is no endpoint named {spec.endpoint}. Add it in Settings.", "endpoint")
        return Ok(endpoint)

    def _pinned(self, choices: tuple[ToolChoice, ...]) -> Result[tuple[ToolSpec, ...]]:
        pinned: list[ToolSpec] = []
        for choice in choices:
            tool = self._tools.get(choice.name)
            if tool is None:
                return Err("not_found", f"There is no tool named {choice.name}.", "tools")
            if tool.kind == "agent":
                tool = self._with_revision(tool)
            pinned.append(msgspec.structs.replace(tool, policy=choice.policy, fixed=choice.fixed))
        return Ok(tuple(pinned))

    def _with_revision(self, tool: ToolSpec) -> ToolSpec:
        """An agent as a tool, as it is now: its revision, and whether it can change anything."""
        agent = self._agents.get(definition_of(tool).agent_id)
        if agent is None:
            return tool  # the call says that it is gone
        tools = (self._tools.get(choice.name) for choice in self._agents.live_spec(agent).tools)
        changes = any(one is not None and one.effect == "write" for one in tools)
        return agent_as_tool(tool, agent.live_revision, changes=changes)


def _for_model(endpoint: Endpoint, model: str) -> Endpoint:
    """A local server serves one file: its address depends on the model."""
    return msgspec.structs.replace(endpoint, model=model) if endpoint.kind == "local" else endpoint


def guarded(spec: RunSpec, start: StartRun) -> RunSpec:
    """The same run with what the start says about its tools and adds to its instructions."""
    instructions = "\n\n".join(filter(None, (spec.instructions, start.added_instructions)))
    spec = msgspec.structs.replace(spec, instructions=instructions, tool_mode=start.tool_mode)
    return _asking(spec) if start.ask_before_writes else spec


def _asking(spec: RunSpec) -> RunSpec:
    """What changes the world asks; which tools would not by themselves is noted."""
    names = {tool.name for tool in spec.tools if tool.effect == "write" and tool.policy == "allow"}
    tools = tuple(msgspec.structs.replace(tool, policy="ask") if tool.name in names else tool for tool in spec.tools)
    return msgspec.structs.replace(spec, tools=tools, asks_for_others=tuple(sorted(names)))


def _overridden(spec: AgentSpec, start: StartRun) -> AgentSpec:
    changes: dict[str, object] = {}
    if start.endpoint:
        changes["endpoint"] = start.endpoint
        if not start.model and start.endpoint != spec.endpoint:
            changes |= {"model": "", "provider": ""}  # the agent's model is another server's
    if start.model:
        changes["model"] = start.model
    if start.tools is not None:
        kept = {choice.name: choice for choice in spec.tools}
        changes["tools"] = tuple(kept.get(name, ToolChoice(name)) for name in start.tools)
    if start.max_steps is not None:
        changes["limits"] = msgspec.structs.replace(spec.limits, steps=start.max_steps)
    return msgspec.structs.replace(spec, **changes)
