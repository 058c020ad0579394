"""Routes for other programs: who asks is known by an API key, not by a login."""

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.bootstrap import App, get_app
from core.domain.asked import Question
from core.domain.publishing import ApiKey
from core.domain.result import Err, Result, T
from core.errors import AryabhattaError
from core.services.api_runs import Begun
from core.web.refusals import Problem, Refusal, of_err

MOST_BODY_BYTES: Final = 32_000_000
"""Room for the images of a conversation as base64."""
_NO_KEY: Final = "Give an API key: `Authorization: Bearer ary_…`. Keys are made under Settings, API keys."
_WRONG_KEY: Final = "This API key is not known here, or it was revoked."
_LEFT: Final = 499
"""In place of a status, where the caller left before there was one."""
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose key is good."""

    app: App
    key: ApiKey
    request: Request

    async def body(self) -> bytes:
        """The whole body. Raises `Refusal` when it is too large."""
        body = bytearray()
        async for piece in self.request.stream():
            body += piece
            if len(body) > MOST_BODY_BYTES:
                said = f"The body is larger than {MOST_BODY_BYTES // 1_000_000} MB."
                raise Refusal(Problem(status=413, message=said, code="too_large"))
        return bytes(body)

    async def spend(self) -> None:
        """Count this request. Raises `Refusal` when the key has to wait."""
        wait_s = await asyncio.to_thread(self.app.publishing.spend, self.key)
        if wait_s:
            said = f"This key may ask {self.key.requests_per_minute} times a minute. Wait {math.ceil(wait_s)} s."
            headers = {"retry-after": str(math.ceil(wait_s))}
            raise Refusal(Problem(status=429, message=said, code="rate_limit_exceeded", headers=headers))


class Keyed:
    """A route that answers whoever has a key. Whatever goes wrong before an answer begins is said as a problem."""

    def __init__(self, answer: Callable[[Call], Awaitable[ASGIApp]]) -> None:
        self._answer = answer
        self._route = answer.__name__

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s, status = time.monotonic(), 0

        async def send_counted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await (await self._response(Request(scope, receive)))(scope, receive, send_counted)
        finally:
            with suppress(AryabhattaError):
                get_app().measures.answered(self._route, status or _LEFT, time.monotonic() - began_s)

    async def _response(self, request: Request) -> ASGIApp:
        try:
            return await self._answer(await _call(request))
        except ClientDisconnect:
            return Response(status_code=_LEFT)
        except Refusal as refusal:
            return refusal.problem.response()
        except AryabhattaError as error:
            log.warning("%s", error)
            said = "This server cannot answer at the moment. Try again in a little while."
            headers = {"retry-after": "5"}
            return Problem(status=503, message=said, code="unavailable", headers=headers).response()


async def _call(request: Request) -> Call:
    app = await asyncio.to_thread(get_app)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    value = value.strip() if scheme.lower() == "bearer" else ""
    key = await asyncio.to_thread(app.publishing.key_of, value) if value else None
    if key is None:
        headers = {"www-authenticate": "Bearer"}
        said = _WRONG_KEY if value else _NO_KEY
        raise Refusal(Problem(status=401, message=said, code="invalid_api_key", headers=headers))
    return Call(app, key, request)


async def begin(call: Call, agent_name: str, question: Question) -> Begun:
    """The run of a request. Raises `Refusal`."""
    start = call.app.api_runs.start
    return given(await asyncio.to_thread(start, call.key, agent_name, question, idempotency_key(call)))


def idempotency_key(call: Call) -> str:
    return call.request.headers.get("idempotency-key", "").strip()


def given(result: Result[T]) -> T:
    if isinstance(result, Err):
        raise Refusal(of_err(result))
    return result.value


def replayed(begun: Begun) -> dict[str, str]:
    return {"idempotency-replayed": "true"} if begun.is_replay else {}
