"""What other programs may ask with an API key: OpenAI's chat completions, where the model is a published agent."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from core.domain.agent import Agent
from core.domain.asked import Question, read_chat
from core.domain.canonical import Json
from core.domain.result import Err, Result, T
from core.services.api_runs import Begun
from core.web.answering import RunAnswer, StreamedAnswer
from core.web.keyed import Call, Keyed
from core.web.refusals import Problem, Refusal, of_err


def api_routes() -> Sequence[BaseRoute]:
    """Every route that asks for an API key by itself."""
    return (
        Mount(
            "/v1",
            routes=[
                Route("/chat/completions", Keyed(chat_completions), methods=["POST"]),
                Route("/models", Keyed(models), methods=["GET"]),
                Route("/models/{name:path}", Keyed(model), methods=["GET"]),
                Route("/{rest:path}", no_such_route, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]),
            ],
        ),
    )


async def chat_completions(call: Call) -> ASGIApp:
    await call.spend()
    asked, question = given(read_chat(await call.body()))
    begun = await begin(call, asked.model, question)
    goes_on = bool(idempotency_key(call))
    if asked.stream:
        with_usage = asked.stream_options.include_usage
        return StreamedAnswer(call.app, begun.run, replayed(begun), goes_on=goes_on, with_usage=with_usage)
    return RunAnswer(call.app, begun.run, replayed(begun), goes_on=goes_on)


async def models(call: Call) -> Response:
    agents = await asyncio.to_thread(call.app.publishing.offered, call.key)
    return JSONResponse({"object": "list", "data": [_model(agent) for agent in agents]})


async def model(call: Call) -> Response:
    name = str(call.request.path_params["name"])
    found = await asyncio.to_thread(call.app.publishing.find, call.key, name)
    if found is None:
        said = f"There is no agent named {name!r} that this key may ask."
        raise Refusal(Problem(status=404, message=said, code="model_not_found", param="model"))
    return JSONResponse(_model(found[0]))


async def no_such_route(request: Request) -> Response:
    said = f"There is no {request.method} {request.url.path} here: only /v1/chat/completions and /v1/models."
    return Problem(status=404, message=said, code="unknown_url").response()


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


def _model(agent: Agent) -> dict[str, Json]:
    created = int(agent.created_at.timestamp())
    return {"id": agent.name, "object": "model", "created": created, "owned_by": "aryabhatta"}
