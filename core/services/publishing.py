"""Agents that answer over HTTP, and the keys of the programs that ask them."""

import hashlib
import logging
import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.agent import Agent
from core.domain.publishing import REQUESTS_PER_MINUTE, ApiKey, NewKey, Publication
from core.domain.result import Err, Ok, Result
from core.repositories.agent_revisions import AgentRevisionRepository
from core.repositories.agents import AgentRepository
from core.repositories.api_keys import ApiKeyRepository
from core.repositories.budgets import spend
from core.repositories.publications import PublicationRepository
from core.repositories.security_events import SecurityEventRepository
from core.services.agent_changes import GONE
from core.services.keeping import keep

Keys = list[ApiKey]
Agents = list[Agent]
log = logging.getLogger(__name__)
_MARK = "ary_"
_KEY_BYTES = 32
_PREFIX_CHARS = 12
_USE_NOTED = timedelta(minutes=1)


class PublishService:
    """An agent is reached by a key when it is published and the key may ask it. Each request asks again."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def publication(self, agent_id: UUID) -> Publication | None:
        with UnitOfWork(self._engine) as unit:
            return PublicationRepository(unit.session).get(agent_id)

    def publish(
        self, agent_id: UUID, who: str, revision: int | None = None, *, takes_instructions: bool = False
    ) -> Result[Publication]:
        """Let keys ask it: a revision of it, or whichever is live. A second time it changes how."""
        with UnitOfWork(self._engine) as unit:
            agent = AgentRepository(unit.session).get(agent_id, lock=True)
            if agent is None:
                return GONE
            if agent.live_revision is None:
                return Err("invalid", "Save a revision first: a draft is not published.", "revision")
            if revision is not None and AgentRevisionRepository(unit.session).get(agent_id, revision) is None:
                return Err("not_found", f"{agent.name} has no revision {revision}.", "revision")
            put = PublicationRepository(unit.session).put
            return keep(unit, put(agent_id, who, revision, takes_instructions=takes_instructions))

    def withdraw(self, agent_id: UUID, who: str) -> None:
        """From the next request on no key reaches it."""
        log.info("agent %s withdrawn by %r", agent_id, who)
        with UnitOfWork(self._engine) as unit:
            PublicationRepository(unit.session).delete(agent_id)
            unit.commit()

    def keys(self) -> Keys:
        """Newest first, revoked ones included."""
        with UnitOfWork(self._engine) as unit:
            return ApiKeyRepository(unit.session).list()

    def make_key(
        self,
        name: str,
        who: str,
        agent_ids: tuple[UUID, ...] | None = None,
        requests_per_minute: int | None = REQUESTS_PER_MINUTE,
    ) -> Result[NewKey]:
        """A key for these agents (None: for every published one). Its value is handed out here and kept nowhere."""
        name = name.strip()
        if not name.isprintable():
            return Err("invalid", "The name of a key is one line of printable characters.", "name")
        if agent_ids == ():
            return Err("invalid", "Choose at least one agent, or all that are published.", "agent_ids")
        value = _MARK + secrets.token_urlsafe(_KEY_BYTES)
        with UnitOfWork(self._engine) as unit:
            added = ApiKeyRepository(unit.session).add(
                name,
                value[:_PREFIX_CHARS],
                _hash(value),
                who,
                agent_ids=None if agent_ids is None else list(agent_ids),
                requests_per_minute=requests_per_minute,
            )
            if isinstance(added, Ok):
                SecurityEventRepository(unit.session).add("api_key_made", who, added.value.name, added.value.prefix)
            kept = keep(unit, added)
        return kept if isinstance(kept, Err) else Ok(NewKey(kept.value, value))

    def revoke_key(self, key_id: UUID, who: str) -> Result[ApiKey]:
        """From the next request on it is worth nothing. Runs that it began go on."""
        with UnitOfWork(self._engine) as unit:
            revoked = ApiKeyRepository(unit.session).revoke(key_id, who)
            if isinstance(revoked, Ok):
                key = revoked.value
                SecurityEventRepository(unit.session).add("api_key_revoked", who, key.name, key.prefix)
            return keep(unit, revoked)

    def key_of(self, value: str) -> ApiKey | None:
        """The key that has this value, unless it was revoked."""
        with UnitOfWork(self._engine) as unit:
            keys = ApiKeyRepository(unit.session)
            key = keys.by_hash(_hash(value))
            if key is not None and _is_noted_long_ago(key):
                keys.used(key.id)
                unit.commit()
            return key

    def spend(self, key: ApiKey) -> float:
        """Count a request of this key: how many seconds it has to wait first, over all processes; 0: none."""
        if key.requests_per_minute is None:
            return 0.0
        with UnitOfWork(self._engine) as unit:
            wait_s = spend(unit.session.connection(), f"API key {key.id}", key.requests_per_minute)
            unit.commit()
        return wait_s

    def published(self) -> Agents:
        """The agents that keys may ask, by name. One that is archived answers nobody."""
        with UnitOfWork(self._engine) as unit:
            ids = [publication.agent_id for publication in PublicationRepository(unit.session).list()]
            agents = [AgentRepository(unit.session).get(agent_id) for agent_id in ids]
        return sorted((one for one in agents if one and not one.archived), key=lambda agent: agent.name)

    def offered(self, key: ApiKey) -> Agents:
        """Those of them that this key may ask."""
        return [agent for agent in self.published() if key.may_ask(agent.id)]

    def find(self, key: ApiKey, name: str) -> tuple[Agent, Publication] | None:
        """The published agent of this name, if this key may ask it."""
        with UnitOfWork(self._engine) as unit:
            agent = AgentRepository(unit.session).by_name(name)
            if agent is None or agent.archived or not key.may_ask(agent.id):
                return None
            publication = PublicationRepository(unit.session).get(agent.id)
        return None if publication is None else (agent, publication)


def _hash(value: str) -> bytes:
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).digest()


def _is_noted_long_ago(key: ApiKey) -> bool:
    """A key in use is written to once a minute."""
    return key.last_used_at is None or datetime.now(UTC) - key.last_used_at > _USE_NOTED
