"""Whether a call may be executed as the model asked for it. Pure, a part of `decide`."""

from typing import assert_never

from core.domain.arguments import BadArguments, check_arguments
from core.domain.canonical import canonical, content_hash
from core.domain.event import NOT_RECORDED, Asked, Finished, Lost, Recorded, Refused
from core.domain.message import ToolCall
from core.domain.state import CallState, RunState
from core.domain.tool import ToolSpec
from core.engine.actions import ToolStart
from core.errors import FaultKind


def judge(state: RunState, call: CallState) -> ToolStart | Refused | Asked | Finished:
    """May this call be executed as the model asked for it?"""
    if call.tool is None:
        return _refusal(call, "tool_unknown", _no_such_tool(state, call.call))
    raw = call.answered.arguments if call.answered and call.answered.arguments else call.call.arguments
    arguments = check_arguments(call.tool, raw)
    if isinstance(arguments, BadArguments):
        return _refusal(call, "tool_args_invalid", f"{arguments.reason} You sent: {call.call.arguments}")
    executed = canonical(arguments).decode()
    if known := state.recorded.get((call.tool.name, executed)):
        return _again(call, known)
    if call.tool.policy == "deny":
        return _refusal(call, "tool_failed", f"The tool {call.tool.name} may not be used here.")
    if withheld := _withheld(state, call, call.tool, executed):
        return withheld
    if call.answered and call.answered.say == "deny":
        return _refusal(call, "tool_failed", f"A person declined this call. {call.answered.reason}".strip())
    if call.tool.policy == "ask" and not _approved(call) and call.tool.name not in state.allowed:
        return Asked(effect=call.effect, why="approval", shown=_shown(state, call.tool, raw, call.effect))
    attempt = call.attempts[-1].number if call.attempts else 0
    lost = Lost(attempt=attempt) if state.status_of(call) == "lost" else None
    return ToolStart(call.effect, attempt + 1, call.tool, executed, lost)


def _again(call: CallState, known: Recorded) -> Finished:
    return Finished(
        effect=call.effect,
        attempt=0,
        output=known.output,
        data=known.data,
        files=known.files,
        source=known.source,
    )


def _withheld(state: RunState, call: CallState, tool: ToolSpec, executed: str) -> Finished | Refused | None:
    """What stands in the place of an execution that the run's tool mode does not want. Nobody need approve it."""
    match state.spec.tool_mode:
        case "live":
            return None
        case "dry_run" if tool.effect == "read":
            return None
        case "recorded" if tool.effect == "read":
            reason = f"{tool.name} was not executed: {NOT_RECORDED}."
            return _refusal(call, "tool_failed", reason)
        case "dry_run" | "recorded":
            return Finished(effect=call.effect, attempt=0, output=_dry(tool, executed), dry_run=True)
        case mode:
            assert_never(mode)


def _dry(tool: ToolSpec, executed: str) -> str:
    return (
        f"Dry run: {tool.name} was not executed and nothing was changed. "
        f"The call is valid; it would have been made with {executed}"
    )


def _approved(call: CallState) -> bool:
    """An approval holds for exactly what was shown; any other is no approval."""
    return bool(call.asked and call.answered and call.answered.shown == call.asked.shown)


def _refusal(call: CallState, error: FaultKind, reason: str) -> Refused:
    return Refused(effect=call.effect, name=call.call.name, arguments=call.call.arguments, reason=reason, error=error)


def _no_such_tool(state: RunState, call: ToolCall) -> str:
    known = ", ".join(tool.name for tool in state.spec.tools) or "none"
    return f"There is no tool named {call.name!r}. Tools you may use: {known}. You sent: {call.arguments}"


def _shown(state: RunState, tool: ToolSpec, raw: str, effect: str) -> str:
    """Hash of exactly what a person approves: the tool's schema, the arguments, the spec and the place."""
    return content_hash([str(state.run_id), effect, tool.schema_hash(), raw, content_hash(state.spec)])
