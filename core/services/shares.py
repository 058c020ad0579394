"""Links to read one conversation by: random, kept as a hash, for a time, taken back at any moment."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.run import Conversation, Run
from core.domain.share import Share
from core.engine.transcript import files_at_hand
from core.repositories.security_events import SecurityEventRepository
from core.repositories.shares import ShareRepository
from core.services.keeping import keep
from core.services.run_reading import RunView

Shares = list[Share]
DAYS: Final = (1, 7, 30, 365)
TOKEN_CHARS: Final = 43
"""32 random bytes in base64."""


class NewShare(msgspec.Struct, frozen=True):
    """`token` is the secret part of the address, shown this once."""

    share: Share
    token: str


class Shared(msgspec.Struct, frozen=True):
    """What a link shows, and nothing else."""

    share: Share
    title: str
    runs: Sequence[RunView]

    def files(self) -> frozenset[str]:
        """The hashes of the files beside its messages, and of those that its tools made."""
        return frozenset(one.sha256 for view in self.runs for one in files_at_hand(view.state))


class _Conversations(Protocol):
    def get(self, conversation_id: UUID) -> Conversation | None: ...

    def path(self, conversation_id: UUID, leaf: UUID | None = None) -> list[Run]: ...


class _Runs(Protocol):
    def views(self, run_ids: Sequence[UUID]) -> list[RunView]: ...


class ShareService:
    def __init__(self, engine: Engine, conversations: _Conversations, runs: _Runs) -> None:
        self._engine, self._conversations, self._runs = engine, conversations, runs

    def make(self, conversation_id: UUID, who: str, leaf: UUID | None = None, days: int = 30) -> Result[NewShare]:
        """A link to the branch that ends at `leaf` (the newest one), as it is now: what is said later is not in it."""
        if days not in DAYS:
            return Err("invalid", f"A link is good for {', '.join(map(str, DAYS))} days.", "days")
        conversation = self._conversations.get(conversation_id)
        path = self._conversations.path(conversation_id, leaf)
        if conversation is None or not path:
            return Err("not_found", "There is nothing to share yet: the conversation is empty.")
        token = secrets.token_urlsafe(32)
        until = datetime.now(UTC) + timedelta(days=days)
        with UnitOfWork(self._engine) as unit:
            made = ShareRepository(unit.session).add(_hash(token), conversation_id, path[-1].id, who, until)
            if isinstance(made, Ok):
                log = SecurityEventRepository(unit.session)
                log.add("share_made", who, f"the conversation “{conversation.title}”", f"for {days} days")
            kept = keep(unit, made)
        return kept if isinstance(kept, Err) else Ok(NewShare(kept.value, token))

    def list(self, conversation_id: UUID) -> Shares:
        """The links to a conversation that can still be opened."""
        with UnitOfWork(self._engine) as unit:
            return ShareRepository(unit.session).list(conversation_id)

    def revoke(self, share_id: UUID, who: str) -> Result[Share]:
        with UnitOfWork(self._engine) as unit:
            gone = ShareRepository(unit.session).revoke(share_id, who)
            if isinstance(gone, Ok):
                conversation = self._conversations.get(gone.value.conversation_id)
                subject = f"the conversation “{conversation.title if conversation else ''}”"
                SecurityEventRepository(unit.session).add("share_revoked", who, subject)
            return keep(unit, gone)

    def open(self, token: str) -> Shared | None:
        """What a link shows; None: it is none, or none any more, and nobody learns which."""
        if len(token) != TOKEN_CHARS:
            return None
        with UnitOfWork(self._engine) as unit:
            share = ShareRepository(unit.session).good(_hash(token))
        conversation = self._conversations.get(share.conversation_id) if share else None
        if share is None or conversation is None:
            return None
        path = self._conversations.path(share.conversation_id, share.leaf_run_id)
        return Shared(share, conversation.title, self._runs.views([run.id for run in path]))


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
