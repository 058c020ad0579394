"""Replay: go through a journal as if it happened now, and find the first place where it would go otherwise. Pure."""

import hashlib
from collections.abc import Sequence

import msgspec

from core.domain.attachment import NOTHING, Contents
from core.domain.event import Event, Started
from core.domain.wire import request_body
from core.engine.invariants import faults
from core.engine.state import add, fold
from core.engine.transcript import files_of, transcript


class Verdict(msgspec.Struct, frozen=True):
    """`difference` says where and what in words; empty: the replay was identical."""

    difference: str = ""
    requests: int = 0
    """Model requests whose bytes were rebuilt and compared by hash."""

    @property
    def identical(self) -> bool:
        return not self.difference


def replay(events: Sequence[Event], contents: Contents = NOTHING) -> Verdict:
    """Decide every entry again from the entries before it, and rebuild every request.

    Nothing is asked and nothing executed: answers, results and people's words come from the journal, files from
    `contents`.
    """
    state = fold(events[:1])
    if gone := [one.name for one in files_of(state) if one.given_sha256 not in contents]:
        return Verdict(f"the requests cannot be rebuilt: {', '.join(gone)} is not stored here any more")
    requests = 0
    for event in events[1:]:
        if isinstance(event.fact, Started) and event.fact.request is not None:
            body = request_body(state.spec, transcript(state), contents)
            requests += 1
            if hashlib.sha256(body).hexdigest() != event.fact.request.sha256:
                return Verdict(
                    f"entry {event.seq}: the request of {event.fact.effect} would have other bytes", requests
                )
        add(state, event)
    broken = faults(events)
    return Verdict(broken[0] if broken else "", requests)
