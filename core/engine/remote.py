"""The live feed across processes: a browser on one process watches a run that another executes.

On demand only. Who watches a run that is not executed here says so; its worker then posts the new text,
coalesced, for as long as somebody renews the wish. Of entries only the fact is posted: they are in the journal.
"""

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from core.domain.model_call import Delta
from core.engine.feed import Feed

POST_S: Final = 0.05
"""Time between two posts of a run: twenty a second."""
WISH_S: Final = 15.0
"""How long a wish holds; it is renewed at a third of this."""
PIECE_CHARS: Final = 1_200
"""Postgres carries at most 8,000 bytes a notification; a character may take six."""


class Wish(msgspec.Struct, frozen=True, array_like=True, tag="w"):
    """Somebody watches the run; `new`: and has seen nothing of its text yet."""

    run_id: UUID
    new: bool = False


class Piece(msgspec.Struct, frozen=True, array_like=True, tag="t"):
    """Text of the answer under way, from the given places on."""

    run_id: UUID
    effect: str
    attempt: int
    text_from: int
    text: str
    reasoning_from: int
    reasoning: str
    waiting: str = ""
    """Why nothing comes yet."""


class Entries(msgspec.Struct, frozen=True, array_like=True, tag="e"):
    """Something was recorded, or the run was let go of: read its journal."""

    run_id: UUID


Post = Wish | Piece | Entries
encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Post).decode


class _Sent(NamedTuple):
    """How much of an answer was posted."""

    effect: str
    attempt: int
    text: int
    reasoning: int
    waiting: str


_NOTHING: Final = _Sent("", 0, 0, 0, "")


class RemoteFeed:
    """One process's side. Used by one thread; `post` sends a notification to all processes."""

    def __init__(self, feed: Feed, drives_here: Callable[[UUID], bool], post: Callable[[str], None]) -> None:
        self._feed, self._drives_here, self._post = feed, drives_here, post
        self._wished: dict[UUID, float] = {}
        self._sent: dict[UUID, _Sent] = {}
        self._told: dict[UUID, int | None] = {}
        """The place of the last entry whose existence was told; None: the run was let go of."""
        self._asked: dict[UUID, float] = {}

    @property
    def is_busy(self) -> bool:
        """Whether text of this process is wanted elsewhere."""
        return any(self._drives_here(run_id) for run_id in self._wished)

    def is_wanted(self, run_id: UUID) -> bool:
        """Whether somebody elsewhere watches the run. From any thread."""
        return run_id in self._wished

    def heard(self, payload: str, now_s: float) -> None:
        """A notification of this or another process."""
        post = decode(payload)
        match post:
            case Wish(run_id=run_id):  # kept by all: whoever takes up the run next knows that somebody watches
                self._wished[run_id] = now_s + WISH_S
                if post.new:
                    self._sent.pop(run_id, None)
            case Piece(run_id=run_id) if not self._drives_here(run_id):
                new = Delta(post.text, post.reasoning, post.waiting)
                self._feed.remote(run_id, post.effect, post.attempt, post.text_from, post.reasoning_from, new)
            case Entries(run_id=run_id) if not self._drives_here(run_id):
                self._feed.ring(run_id)
            case _:
                pass

    def turn(self, now_s: float) -> None:
        """Say what is wanted here, and post what is wanted of here."""
        self._ask(now_s)
        for run_id, until_s in list(self._wished.items()):
            if self._drives_here(run_id):
                for piece in self._new_text(run_id):
                    self._post(encode(piece).decode())
            recorded = self._feed.recorded_at(run_id)
            if self._told.get(run_id) != recorded:
                self._told[run_id] = recorded
                self._post(encode(Entries(run_id)).decode())
            if until_s < now_s:
                self._forget(run_id)

    def _forget(self, run_id: UUID) -> None:
        del self._wished[run_id]
        self._sent.pop(run_id, None)
        self._told.pop(run_id, None)

    def _ask(self, now_s: float) -> None:
        wanted = {run_id for run_id in self._feed.watched() if not self._drives_here(run_id)}
        self._asked = {run_id: at_s for run_id, at_s in self._asked.items() if run_id in wanted}
        for run_id in wanted:
            if now_s - self._asked.get(run_id, -WISH_S) >= WISH_S / 3:
                self._post(encode(Wish(run_id, new=run_id not in self._asked)).decode())
                self._asked[run_id] = now_s

    def _new_text(self, run_id: UUID) -> Iterator[Piece]:
        live = self._feed.text(run_id)
        if live is None:
            return
        text = "".join(part.text for part in live.parts)
        reasoning = "".join(part.reasoning for part in live.parts)
        sent = self._sent.get(run_id, _NOTHING)
        t, r = (sent.text, sent.reasoning) if (sent.effect, sent.attempt) == (live.effect, live.attempt) else (0, 0)
        is_told = sent.waiting == live.waiting
        while not is_told or t < len(text) or r < len(reasoning):
            said, thought = text[t : t + PIECE_CHARS], ""
            if not said:
                thought = reasoning[r : r + PIECE_CHARS]
            yield Piece(run_id, live.effect, live.attempt, t, said, r, thought, live.waiting)
            t, r, is_told = t + len(said), r + len(thought), True
        self._sent[run_id] = _Sent(live.effect, live.attempt, t, r, live.waiting)
