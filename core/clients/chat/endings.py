"""How an answer ended, and whether that is a failure."""

from typing import Final, NamedTuple

from core.errors import Fault

_GOOD: Final = frozenset(
    {"stop", "tool_calls", "tool_use", "function_call", "eos", "eos_token", "end_turn", "stop_sequence", "complete"}
)
_CUT: Final = frozenset(
    {
        *("length", "max_tokens", "max_output_tokens", "max_completion_tokens"),
        *("model_length", "context_length", "model_context_window_exceeded", "error_limit"),
    }
)
_FILTERED: Final = frozenset(
    {
        *("content_filter", "content_filtered", "safety", "recitation", "prohibited_content", "blocklist", "spii"),
        *("sensitive", "guardrail_intervened", "error_toxic", "image_safety", "refusal"),
    }
)
_BROKEN_OFF: Final = frozenset({"abort", "aborted", "cancelled", "canceled", "insufficient_system_resource", "timeout"})
_FAILED: Final = frozenset({"error", "network_error", "malformed_function_call", "unexpected_tool_call"})
_KNOWN: Final = _GOOD | _CUT | _FILTERED | _BROKEN_OFF | _FAILED
_NOT_YET: Final = frozenset({"", "null", "none"})


class Ending(NamedTuple):
    """What decides about an answer, once nothing more comes."""

    finish_reason: str
    is_done: bool
    """The server said that this was all: `[DONE]`, or a whole JSON document."""
    has_text: bool
    has_calls: bool
    has_reasoning: bool


def is_reason(given: str) -> bool:
    """Whether a server names a reason with this: some write the word for none into every chunk."""
    return given.strip().lower() not in _NOT_YET


def fault_of(ending: Ending) -> Fault | None:
    """Why the answer may not be used, or None. Whether calls exist decides, not which good reason was given."""
    reason = ending.finish_reason.lower()
    if not reason and not ending.is_done:
        return Fault("stream_incomplete", "The stream ended without a finish reason and without [DONE].")
    if reason in _FAILED:
        return Fault("stream_error", f"The server ended the answer with an error and no words: {ending.finish_reason}.")
    if reason in _BROKEN_OFF:
        return Fault("stream_incomplete", f"The server broke the answer off: {ending.finish_reason}.")
    if reason in _CUT:
        return Fault("truncated", f"The answer reached the limit of tokens: {ending.finish_reason}.")
    if reason in _FILTERED:
        return Fault("content_filter", f"The provider held the answer back: {ending.finish_reason}.")
    if not ending.has_text and not ending.has_calls:
        only = ", only reasoning" if ending.has_reasoning else ""
        return Fault("empty_response", f"The model answered with neither text nor a tool call{only}.")
    return None


def note_on(finish_reason: str) -> str:
    """What a person should know about an unknown reason, or nothing."""
    if not finish_reason or finish_reason.lower() in _KNOWN:
        return ""
    return f"The server gave a finish reason that is not known here: {finish_reason}"
