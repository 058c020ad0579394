"""What other programs may ask with an API key: a published agent as a model of OpenAI's protocol, or its runs."""

import asyncio
from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from core.domain.agent import Agent
from core.domain.asked import read_chat
from core.domain.canonical import Json
from core.web.agent_runs import begin_run, cancel_run, look_at_run
from core.web.answering import RunAnswer, StreamedAnswer
from core.web.keyed import Call, Keyed, begin, given, idempotency_key, replayed
from core.web.metrics import WithKey, metrics_with_key
from core.web.refusals import Problem, Refusal


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
        Route("/api/agents/{name:path}/runs", Keyed(begin_run), methods=["POST"]),
        Route("/api/agents/{name:path}/runs/{run_id}", Keyed(look_at_run), methods=["GET"]),
        Route("/api/agents/{name:path}/runs/{run_id}/cancel", Keyed(cancel_run), methods=["POST"]),
        WithKey("/metrics", Keyed(metrics_with_key), methods=["GET"]),
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


def _model(agent: Agent) -> dict[str, Json]:
    created = int(agent.created_at.timestamp())
    return {"id": agent.name, "object": "model", "created": created, "owned_by": "aryabhatta"}
