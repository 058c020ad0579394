"""What a server asks a person in the middle of a call, from and to the SDK's words."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mcp import types
from mcp.client import ClientRequestContext
from pydantic import ValidationError

from core.domain.canonical import canonical
from core.domain.question import Ask, PersonSaid, Question

MESSAGE_CHARS = 4_000
SCHEMA_BYTES = 100_000
_SEVERAL = "calls of this server are under way, and it does not say which of them asks."
_ACTIONS: dict[str, types.ElicitResult] = {
    "deny": types.ElicitResult(action="decline"),
    "cancel": types.ElicitResult(action="cancel"),
}


class _Call:
    """One call under way. Its questions are asked one after the other."""

    def __init__(self, ask: Ask) -> None:
        self._ask, self._turn = ask, asyncio.Lock()

    async def ask(self, question: Question) -> PersonSaid:
        async with self._turn:
            return await self._ask(question)


_CALL: ContextVar[_Call | None] = ContextVar("call", default=None)
"""Over HTTP a server's message comes in the context of the request that it belongs to."""


class Elicitation:
    """Of one session: which call a question belongs to, and how the answer goes back."""

    def __init__(self) -> None:
        self._under_way: list[_Call] = []

    @contextmanager
    def of_call(self, ask: Ask | None) -> Iterator[None]:
        """While a call lasts, its server may ask."""
        if ask is None:
            yield
            return
        call = _Call(ask)
        token = _CALL.set(call)
        self._under_way.append(call)
        try:
            yield
        finally:
            self._under_way.remove(call)
            _CALL.reset(token)

    async def hear(
        self,
        context: ClientRequestContext,  # noqa: ARG002 (the SDK gives it by name)
        params: types.ElicitRequestParams,
    ) -> types.ElicitResult | types.ErrorData:
        """The SDK's callback for a question of the server."""
        if not self._under_way:
            return _refusal("No call is under way here in which a person could be asked.")
        named = _CALL.get()
        call = named if named in self._under_way else self._under_way[0]
        question = _question(params, "" if call is named else self._note())
        if len(canonical(question.schema)) > SCHEMA_BYTES:
            return _refusal(f"The form is larger than {SCHEMA_BYTES:,} bytes.")
        return _result(question, await call.ask(question))

    def _note(self) -> str:
        """Over pipes a question names no call: with several under way it stands at the one that began first."""
        return f"{len(self._under_way)} {_SEVERAL}" if len(self._under_way) > 1 else ""


def _question(asked: types.ElicitRequestParams, note: str) -> Question:
    message = asked.message[:MESSAGE_CHARS]
    if isinstance(asked, types.ElicitRequestURLParams):
        return Question(message=message, url=asked.url, note=note)
    return Question(message=message, schema=asked.requested_schema, note=note)


def _result(question: Question, said: PersonSaid) -> types.ElicitResult | types.ErrorData:
    if said.say != "approve":
        return _ACTIONS[said.say]
    if question.url:
        return types.ElicitResult(action="accept")
    try:
        return types.ElicitResult(action="accept", content=said.content)
    except ValidationError:
        return _refusal("The form asks for values that the protocol does not carry.")


def _refusal(message: str) -> types.ErrorData:
    return types.ErrorData(code=types.INVALID_REQUEST, message=message)


def urls_to_visit(data: object) -> str:
    """The addresses that a server wants visited before it acts, in words; empty: it names none."""
    try:
        wanted = types.ElicitationRequiredErrorData.model_validate(data).elicitations
    except ValidationError:
        return ""
    return " ".join(f"{one.message} {one.url}" for one in wanted)
