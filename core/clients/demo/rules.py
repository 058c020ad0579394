"""What the demo model answers: a pure function of the messages and the tools it is offered."""

import json
import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from core.clients.demo.sentences import sentence
from core.clients.demo.wants import Want, shift_of, wants_of
from core.domain.canonical import Json

_WHO: Final = re.compile(
    r"\b(?:who|what) are you\b|\byour (?:instructions|system prompt|role)\b|\bintroduce yourself\b", re.IGNORECASE
)
_EXAMPLES: Final = {
    "calculator": "What is 17 % of 2,340?",
    "current_time": "What time is it in Tokyo?",
    "convert_units": "Convert 26.2 miles to kilometres.",
    "roll_dice": "Roll 3d6.",
    "text_statistics": "How many words are in: brevity is the soul of wit",
    "notebook_write": "Note: the key is under the blue flower pot.",
    "date_difference": "How many days are there between 2026-01-01 and 2026-12-24?",
}
_NOT_AN_AI: Final = (
    "I am the demo model of this app: a script, **not an AI**. I follow fixed rules so that you can see agents, tools "
    "and runs at work without any account."
)
_CONNECT: Final = (
    "To talk to a real model, open **Settings → Endpoints**: a Hugging Face token, any server that speaks the "
    "OpenAI protocol, or a local model file."
)


class Answer(NamedTuple):
    text: str
    calls: tuple[Want, ...] = ()


class _Turn(NamedTuple):
    """The newest question and what tools have found since."""

    instructions: str
    question: str
    results: tuple[tuple[Want, str], ...]


def answer(messages: Sequence[Json], offered: frozenset[str]) -> Answer:
    """The next message of the demo model: calls of tools that are offered, or text. The same input, the same answer."""
    turn = _turn(messages)
    wants = _follow_ups(turn) if turn.results else wants_of(turn.question)
    calls = tuple(want for want in wants if want.tool in offered)
    if calls:
        return Answer("", calls)
    told = [sentence(want, result) for want, result in _worth_telling(turn, wants)]
    missing = sorted({want.tool for want in (wants or wants_of(turn.question)) if want.tool not in offered})
    if missing:
        told.append(_switch_on(missing))
    return Answer("\n\n".join(told) or _talk(turn, offered))


def _follow_ups(turn: _Turn) -> list[Want]:
    """What today's date is needed for, once it is known."""
    if {want.tool for want, _ in turn.results} & {"date_add", "date_difference"}:
        return []
    if not any(want.goes_on for want in wants_of(turn.question)):
        return []
    today = next((result[:10] for want, result in turn.results if want.tool == "current_time"), "")
    shift = shift_of(turn.question, today) if re.fullmatch(r"\d{4}-\d\d-\d\d", today) else None
    return [shift] if shift else []


def _worth_telling(turn: _Turn, still_wanted: Sequence[Want]) -> list[tuple[Want, str]]:
    """The results without those that only led to another call."""
    has_second = any(want.tool in {"date_add", "date_difference"} for want, _ in turn.results)
    led = has_second and not still_wanted and any(want.goes_on for want in wants_of(turn.question))
    return [(want, result) for want, result in turn.results if not (led and want.tool == "current_time")]


def _switch_on(missing: Sequence[str]) -> str:
    names = ", ".join(f"`{name}`" for name in missing)
    return f"For this I need {names}: switch {'it' if len(missing) == 1 else 'them'} on under the agent's tools."


def _talk(turn: _Turn, offered: frozenset[str]) -> str:
    parts = [_NOT_AN_AI]
    if _WHO.search(turn.question):
        parts.append(f"My instructions begin: “{_first_sentence(turn.instructions)}”" if turn.instructions else "")
    examples = [example for tool, example in _EXAMPLES.items() if tool in offered]
    lead = "Try one of these" if examples else "With the built-in tools switched on for this agent, try one of these"
    listed = "\n".join(f"- {example}" for example in (examples or _EXAMPLES.values()))
    parts += [f"{lead}:\n\n{listed}", _CONNECT]
    return "\n\n".join(filter(None, parts))


def _first_sentence(text: str) -> str:
    first = re.split(r"(?<=[.!?])\s", " ".join(text.split()), maxsplit=1)[0]
    return first if len(first) <= 200 else f"{first[:200]}…"


def _turn(messages: Sequence[Json]) -> _Turn:
    instructions = " ".join(_text(one) for one in messages if one.get("role") in {"system", "developer"})
    last = max((place for place, one in enumerate(messages) if one.get("role") == "user"), default=-1)
    question = _text(messages[last]) if last >= 0 else ""
    return _Turn(instructions, question, tuple(_results(messages[last + 1 :])))


def _results(messages: Sequence[Json]) -> list[tuple[Want, str]]:
    made: dict[str, Want] = {}
    results = []
    for message in messages:
        for call in message.get("tool_calls") or ():
            function = call["function"]
            made[call["id"]] = Want(function["name"], json.loads(function["arguments"] or "{}"))
        if message.get("role") == "tool" and (want := made.get(message.get("tool_call_id"))):
            results.append((want, _text(message)))
    return results


def _text(message: Json) -> str:
    content = message.get("content")
    if isinstance(content, list):
        return " ".join(part.get("text", "") for part in content if isinstance(part, dict))
    return content or ""
