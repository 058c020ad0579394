"""What stands where in one chunk of a stream. Pure, and forgiving about types: servers check none."""

from decimal import Decimal
from typing import Final

from core.clients.chat import lenient
from core.domain.canonical import Json
from core.domain.message import Usage

Chunk = dict[str, Json]
DONE: Final = frozenset({b"[DONE]", b'"[DONE]"', b"[done]"})
_COUNTS: Final = ("prompt_tokens", "input_tokens"), ("completion_tokens", "output_tokens")
_THOUGHTS: Final = ("reasoning_content", "reasoning", "reasoning_text", "thinking")
_WORDS: Final = ("message", "msg", "detail")


def first_choice(chunk: Chunk) -> Chunk | None:
    """The first choice: others were not asked for."""
    given = chunk.get("choices")
    choices = given if isinstance(given, list) else [given]  # some send the only one without a list around it
    return next((one for one in choices if isinstance(one, dict) and one.get("index") in (0, None, "0")), None)


def error_in(chunk: Chunk, choice: Chunk | None, event: bytes) -> Json:
    """An error where servers put it: beside the choices, inside one, or instead of them; None when there is none.

    `event` is the name its event had.
    """
    if error := chunk.get("error") or _of_groq(chunk, "error"):
        return error
    if choice is not None:
        return choice.get("error") or _of_sglang(choice)
    is_error = event == b"error" or chunk.get("object") == "error"
    has_words = bool(chunk.get("errors")) or any(isinstance(chunk.get(name), str) for name in _WORDS)
    return chunk if is_error or (has_words and not chunk.get("choices")) else None


def usage_in(chunk: Chunk, choice: Chunk | None) -> Usage | None:
    """The token counts that a chunk reports, or None."""
    places = (chunk.get("usage"), choice and choice.get("usage"), _of_groq(chunk, "usage"))
    return next((found for place in places if isinstance(place, dict) and (found := _usage(place))), None)


def reason_in(choice: Chunk) -> str:
    """Why the answer ended, or nothing."""
    match choice.get("finish_reason"):
        case str(reason) | {"type": str(reason)}:
            return reason
        case _:
            return ""


def thought_in(message: Chunk) -> str:
    """What a message says in a field for thoughts, under whichever name: some servers use two at once."""
    for name in _THOUGHTS:
        if (thought := message.get(name)) and isinstance(thought, str):
            return thought
    details = message.get("reasoning_details")
    texts = (_detail(one) for one in details) if isinstance(details, list) else ()
    return "".join(texts)


def is_whole(data: bytes) -> bool:
    """Whether this is complete in itself: JSON, the end mark, or nothing."""
    if not data.strip() or data.strip() in DONE:
        return True
    try:
        lenient.parse(data)
    except ValueError:
        return False
    return True


def _detail(detail: Json) -> str:
    match detail:
        case {"text": str(text)} | {"summary": str(text)}:
            return text
        case _:
            return ""


def _of_sglang(choice: Chunk) -> Json:
    """SGLang says why it gave up in an object where a finish reason should be."""
    reason = choice.get("finish_reason")
    return reason if isinstance(reason, dict) and reason.get("message") else None


def _of_groq(chunk: Chunk, name: str) -> Json:
    """Groq keeps token counts, and the error that ends a stream, in a field of its own."""
    own = chunk.get("x_groq")
    return own.get(name) if isinstance(own, dict) else None


def _usage(reported: Chunk) -> Usage | None:
    prompt, completion = (_first_count(reported, names) for names in _COUNTS)
    total = _count(reported.get("total_tokens"))
    if prompt is completion is total is None:
        return None
    prompt, completion = prompt or 0, completion or 0
    return Usage(prompt, completion, prompt + completion if total is None else total, _cost(reported.get("cost")))


def _first_count(reported: Chunk, names: tuple[str, ...]) -> int | None:
    return next((count for name in names if (count := _count(reported.get(name))) is not None), None)


def _count(value: Json) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return int(value) if 0 <= value < 2**53 else None


def _cost(value: Json) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    return float(value) if 0 <= value < 10**9 else None
