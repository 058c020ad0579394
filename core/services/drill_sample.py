"""The sample run of a crash drill: arithmetic beside a call that must not be repeated, then one that carries a key,
then one whose tool can be asked what became of it.
"""

from datetime import UTC, datetime
from typing import Final

import msgspec

from core import ids
from core.clients.drill.server import KEY_HEADER, DrillServer
from core.clients.drill.story import BOOK, INPUT, ORDER, SEND
from core.domain.canonical import Json
from core.domain.endpoint import Endpoint
from core.domain.run import Run, RunSpec
from core.domain.tool import Repeat, ToolSpec
from core.tools.builtin.catalogue import catalogue
from core.tools.http_request.definition import HttpInput, HttpTool, StatusCheck, tool_of
from core.tools.http_request.operation import Operation

_NOTE: Final[dict[str, Json]] = {
    "type": "object",
    "properties": {"note": {"type": "string"}},
    "required": ["note"],
}
_LIMIT_S: Final = 2.0
"""Nothing is believed not to have happened before this time is over."""


def sample_spec(server: DrillServer) -> RunSpec:
    """Model and tools are the drill's server; only the calculator is an ordinary tool."""
    return RunSpec(
        instructions="You take part in a crash drill.",
        endpoint=Endpoint(name="drill", kind="openai", base_url=f"{server.url}/v1"),
        model="drill",
        tools=(
            catalogue()["calculator"].spec(),
            _tool(server, SEND, "Tell the office. Not to be repeated.", "never"),
            _tool(server, BOOK, "Book a number, once for each key.", "key"),
            _checked_tool(server),
        ),
    )


def sample_run(spec: RunSpec, owner: str) -> Run:
    """Its row, claimed by `owner`."""
    return Run(
        id=ids.new_id(),
        kind="test",
        status="running",
        agent_name="Crash drill",
        model=spec.model,
        endpoint=spec.endpoint.name,
        input=INPUT,
        tags=("drill",),
        created_by="drill",
        created_at=datetime.now(UTC),
        epoch=1,
        lease_owner=owner,
    )


def _tool(server: DrillServer, name: str, description: str, repeat: Repeat) -> ToolSpec:
    operation = Operation(
        method="POST",
        url=f"{server.url}/{name}",
        body="order",
        idempotency_header=KEY_HEADER if repeat == "key" else "",
        allow=(server.host,),
    )
    return ToolSpec(
        name=name,
        description=description,
        parameters={"type": "object", "properties": {"order": _NOTE}, "required": ["order"]},
        kind="openapi",
        effect="write",
        repeat=repeat,
        definition=msgspec.to_builtins(operation),
    )


def _checked_tool(server: DrillServer) -> ToolSpec:
    """Its server does not look at keys when it is asked to order: a second request would be a second order."""
    url = f"{server.url}/{ORDER}"
    return tool_of(
        HttpTool(
            name=ORDER,
            description="Order a number. What became of a call can be looked up.",
            method="POST",
            url=url,
            headers={KEY_HEADER: "{call_key}"},
            body="{order}",
            inputs={"order": HttpInput(type="object", schema=_NOTE)},
            status_check=StatusCheck(url=f"{url}/{{call_key}}"),
            seconds=_LIMIT_S,
            allow_hosts=(server.host,),
        )
    )
