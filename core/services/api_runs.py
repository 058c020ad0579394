"""Runs that other programs ask for: each journaled as any other, each asked for once under an idempotency key."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from core.db.unit import UnitOfWork
from core.domain.agent import Agent
from core.domain.asked import Question, Turn
from core.domain.canonical import canonical
from core.domain.message import AssistantMessage, Message, UserMessage
from core.domain.publishing import IDEMPOTENCY_KEY_CHARS, ApiCall, ApiKey, Publication
from core.domain.result import Err, Ok, Result
from core.domain.run import Run
from core.repositories.api_calls import ApiCallRepository
from core.repositories.runs import RunRepository
from core.services.attachments import AttachmentService, StoredFile
from core.services.publishing import PublishService
from core.services.run_spec import StartRun
from core.services.runs import RunService

_THE_AGENTS = frozenset({"endpoint", "model", "revision", "tools"})
"""Fields of problems that a caller has no hand in."""
_NO_SUCH_AGENT = "There is no agent named {name!r} that this key may ask. GET /v1/models lists those that it may."
_USED_FOR_ANOTHER = (
    "This Idempotency-Key was used for another request already. The same key belongs to the same question; "
    "take a new one for a new question."
)


class Begun(NamedTuple):
    """The run of a request."""

    run: Run
    is_replay: bool
    """It was asked for before, under the same idempotency key."""


class ApiRunService:
    """What a key may ask for."""

    def __init__(
        self, engine: Engine, publishing: PublishService, runs: RunService, attachments: AttachmentService
    ) -> None:
        self._engine, self._publishing, self._runs, self._attachments = engine, publishing, runs, attachments

    def start(self, key: ApiKey, agent_name: str, question: Question, idempotency_key: str = "") -> Result[Begun]:
        """Begin the run, or find the one that this idempotency key began."""
        if len(idempotency_key) > IDEMPOTENCY_KEY_CHARS:
            return Err("invalid", f"An Idempotency-Key has at most {IDEMPOTENCY_KEY_CHARS} characters.")
        digest = hashlib.sha256(canonical((agent_name, question))).digest()
        if idempotency_key and (known := self._known(key, idempotency_key, digest)):
            return known
        found = self._publishing.find(key, agent_name)
        if found is None:
            return Err("not_found", _NO_SUCH_AGENT.format(name=agent_name), "model")
        start = self._start(key, question, *found)
        if isinstance(start, Err):
            return start

        def once(session: Session, run_id: UUID) -> Err | None:
            call = ApiCall(run_id=run_id, key_id=key.id, idempotency_key=idempotency_key or None, digest=digest)
            return None if ApiCallRepository(session).add(call) else Err("conflict", _USED_FOR_ANOTHER)

        begun = self._runs.start(start.value, once)
        if isinstance(begun, Ok):
            return Ok(Begun(begun.value, is_replay=False))
        # Somebody else may have asked the same in the meantime.
        return (self._known(key, idempotency_key, digest) if idempotency_key else None) or _for_caller(
            begun, agent_name
        )

    def get(self, key: ApiKey, agent_name: str, run_id: UUID) -> Run | None:
        """A run that this very key asked this agent for."""
        with UnitOfWork(self._engine) as unit:
            call = ApiCallRepository(unit.session).of_run(run_id)
            run = RunRepository(unit.session).get(run_id) if call and call.key_id == key.id else None
        return run if run is not None and run.agent_name == agent_name else None

    def _known(self, key: ApiKey, idempotency_key: str, digest: bytes) -> Result[Begun] | None:
        with UnitOfWork(self._engine) as unit:
            call = ApiCallRepository(unit.session).by_idempotency_key(key.id, idempotency_key)
            run = RunRepository(unit.session).get(call.run_id) if call else None
        if call is None or run is None:
            return None
        return Ok(Begun(run, is_replay=True)) if call.digest == digest else Err("conflict", _USED_FOR_ANOTHER)

    def _start(self, key: ApiKey, question: Question, agent: Agent, publication: Publication) -> Result[StartRun]:
        if question.instructions and not publication.takes_instructions:
            return Err(
                "refused", f"{agent.name} takes no system message: its author wrote its instructions.", "messages"
            )
        earlier = self._earlier(question.turns[:-1])
        if isinstance(earlier, Err):
            return earlier
        messages, files = earlier.value
        return Ok(
            StartRun(
                input=question.turns[-1].text,
                files=question.turns[-1].images,
                kind="api",
                agent_id=agent.id,
                revision=publication.revision,
                earlier=messages,
                earlier_files=files,
                added_instructions=question.instructions,
                variables=question.variables,
                who=f"{key.name} (API key)",
                tags=(key.tag, *([f"user:{question.user}"] if question.user else [])),
            )
        )

    def _earlier(self, turns: Sequence[Turn]) -> Result[tuple[tuple[Message, ...], tuple[StoredFile, ...]]]:
        messages, files = list[Message](), list[StoredFile]()
        for turn in turns:
            if turn.role == "assistant":
                messages.append(AssistantMessage(content=turn.text))
                continue
            taken = self._attachments.take(turn.images)
            if isinstance(taken, Err):
                return taken
            messages.append(UserMessage(content=turn.text, attachments=taken.value.attachments))
            files.extend(taken.value.new)
        return Ok((tuple(messages), tuple(files)))


def _for_caller(problem: Err, agent_name: str) -> Err:
    """What is wrong with the agent itself is no fault of the request."""
    if problem.field not in _THE_AGENTS:
        return problem
    return Err("unavailable", f"{agent_name} cannot answer as it is set up now. Its author has to set that right.")
