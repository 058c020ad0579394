"""The drill's story: what its model answers, from the messages alone, so that a repeated request gets the same."""

from collections.abc import Iterator, Sequence
from typing import Final

from core.clients.demo.chunks import streamed
from core.clients.demo.rules import Answer
from core.clients.demo.wants import Want
from core.domain.canonical import Json

INPUT: Final = "Work out 19 times 23, send the number to the office, book it and order it."
SEND: Final = "drill_send"
"""A tool that must not be repeated."""
BOOK: Final = "drill_book"
"""A tool that takes an idempotency key."""
ORDER: Final = "drill_order"
"""A tool that can be asked what became of a call."""
LAST: Final = "It is 437. The office knows, and it is booked and ordered."

_ANSWERS: Final = (
    Answer(
        "I work it out and tell the office.",
        (Want("calculator", {"expression": "19 * 23"}), Want(SEND, {"order": {"note": "The number is on its way."}})),
    ),
    Answer("Now I book it.", (Want(BOOK, {"order": {"note": "437"}}),)),
    Answer("Now I order it.", (Want(ORDER, {"order": {"note": "437"}}),)),
    Answer(LAST),
)


def step_of(messages: Sequence[dict[str, Json]]) -> int:
    """The step that a request with these messages belongs to, from 1."""
    return 1 + len([message for message in messages if message.get("role") == "assistant"])


def told(messages: Sequence[dict[str, Json]]) -> Iterator[bytes]:
    """The events of the answer to these messages."""
    answer = _ANSWERS[min(step_of(messages), len(_ANSWERS)) - 1]
    return streamed(answer, messages, with_usage=True)
