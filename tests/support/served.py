"""The routes behind the login gate, over real HTTP on a port of this machine."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from core.bootstrap import App, use_app
from core.domain.agent import Agent, AgentSpec
from core.domain.publishing import NewKey
from core.domain.result import Ok
from core.domain.tool import ToolChoice
from core.services.sign_in import SignInService
from core.settings import Settings
from core.web.api import api_routes
from core.web.gate import Gate
from core.web.routes import routes
from tests.support.workspace import ENDPOINT


@contextmanager
def served(app: App, password: str = "") -> Iterator[str]:
    """The address of a server for this App. It ends every connection when it is left."""
    settings = Settings(home=app.settings.home, password=password)
    sign_ins = SignInService(app._parts.engine, settings) if password else app.sign_ins
    gate = Middleware(
        Gate,
        settings=lambda: settings,
        address=lambda: "127.0.0.1",
        keyed=api_routes(),
        sign_ins=lambda: sign_ins,
    )
    web = Starlette(routes=list(routes()), middleware=[gate])
    use_app(app)
    listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    config = uvicorn.Config(web, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        use_app(None)


def published(app: App, name: str = "Clerk", *tools: str, **changes: object) -> Agent:
    """A published agent on the scripted model, with these built-in tools."""
    spec = AgentSpec(instructions="You are a clerk.", endpoint=ENDPOINT, tools=tuple(ToolChoice(one) for one in tools))
    made = app.agents.create(name, spec, "Ada")
    assert isinstance(made, Ok), made
    assert isinstance(app.publishing.publish(made.value.id, "Ada", **changes), Ok)
    return made.value


def new_key(app: App, name: str = "Shop", **changes: object) -> NewKey:
    made = app.publishing.make_key(name, "Ada", **changes)
    assert isinstance(made, Ok), made
    return made.value
