"""An agent's run in the words of OpenAI's chat completions: whole, or piece by piece. Pure."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from core.domain.canonical import Json
from core.domain.frames import TextFrame
from core.domain.message import Usage
from core.domain.run import Run, RunSpec
from core.domain.state import RunState

FinishReason = Literal["stop", "length", "content_filter"]
DONE: Final = b"data: [DONE]\n\n"
_BETWEEN_STEPS: Final = "\n\n"
_ENDINGS: dict[str, FinishReason] = {"truncated": "length", "content_filter": "content_filter"}
"""Failures that the protocol has a word for: what was said until then is the answer."""


def finish_reason(state: RunState) -> FinishReason | None:
    """How the answer ended; None: there is none, or not yet."""
    if state.ended is None:
        return None
    if state.ended.status == "done":
        return "stop"
    return _ENDINGS.get(state.ended.error.kind) if state.ended.error else None


def answer_text(state: RunState) -> str:
    """Everything the agent said, in order; where a format was asked for, the answer alone: that is what is parsed."""
    if is_formatted(state.spec):
        return state.ended.output if state.ended else ""
    said = [step.model.decision.text if step.model.decision else "" for step in state.steps]
    if state.steps and (failed := state.steps[-1].model.gave_up):
        said.append(failed.output)
    return _joined(said)


def is_formatted(spec: RunSpec) -> bool:
    return spec.parameters.json_object or spec.parameters.response_schema is not None


def _joined(texts: Sequence[str]) -> str:
    return _BETWEEN_STEPS.join(filter(None, texts))


class Telling:
    """What of a growing answer was told already. What is told cannot be taken back."""

    def __init__(self) -> None:
        self._before: list[str] = []
        self._effect = ""
        self._now = ""
        self._told = ""

    def hear(self, frame: TextFrame) -> str | None:
        """What is new; None when the answer begins again, with other words than those that were told."""
        if frame.reset:
            if frame.effect != self._effect:
                self._before.append(self._now)
            self._effect, self._now = frame.effect, ""
        self._now += frame.text
        whole = _joined([*self._before, self._now])
        return "" if self._told.startswith(whole) else self.rest(whole)

    def rest(self, whole: str) -> str | None:
        """What is missing of the whole answer; None when something else was told."""
        if not whole.startswith(self._told):
            return None
        new, self._told = whole[len(self._told) :], whole
        return new


class Completion:
    """The frame around the answer of one run."""

    def __init__(self, run: Run) -> None:
        self._frame: dict[str, Json] = {
            "id": f"chatcmpl-{run.id.hex}",
            "created": int(run.created_at.timestamp()),
            "model": run.agent_name,
            "system_fingerprint": f"revision-{run.revision}",
        }

    def whole(self, text: str, reason: FinishReason, usage: Usage | None) -> dict[str, Json]:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        body = self._frame | {"object": "chat.completion", "choices": [choice]}
        return body if usage is None else body | {"usage": usage_of(usage)}

    def first(self) -> bytes:
        return self._chunk([_choice({"role": "assistant", "content": ""})])

    def piece(self, text: str) -> bytes:
        return self._chunk([_choice({"content": text})])

    def last(self, reason: FinishReason) -> bytes:
        return self._chunk([_choice({}, reason)])

    def usage(self, usage: Usage | None) -> bytes:
        """Null where no server reported it: nothing is estimated."""
        return self._chunk([], usage=None if usage is None else usage_of(usage))

    def _chunk(self, choices: list[dict[str, Json]], **more: Json) -> bytes:
        return event(self._frame | {"object": "chat.completion.chunk", "choices": choices} | more)


def event(data: Json) -> bytes:
    """One server-sent event."""
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def usage_of(usage: Usage) -> dict[str, Json]:
    return {
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.total_tokens,
    }


def _choice(delta: dict[str, Json], reason: FinishReason | None = None) -> dict[str, Json]:
    return {"index": 0, "delta": delta, "finish_reason": reason}
