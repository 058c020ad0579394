"""The sample run of a crash drill: arithmetic beside a call that must not be repeated, then a call with a key."""

from datetime import UTC, datetime

import msgspec

from core import ids
from core.clients.drill.server import KEY_HEADER, DrillServer
from core.clients.drill.story import BOOK, INPUT, SEND
from core.domain.endpoint import Endpoint
from core.domain.run import Run, RunSpec
from core.domain.tool import Repeat, ToolSpec
from core.tools.builtin.catalogue import catalogue
from core.tools.http_request.operation import Operation


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
    order = {"type": "object", "properties": {"note": {"type": "string"}}, "required": ["note"]}
    return ToolSpec(
        name=name,
        description=description,
        parameters={"type": "object", "properties": {"order": order}, "required": ["order"]},
        kind="openapi",
        effect="write",
        repeat=repeat,
        definition=msgspec.to_builtins(operation),
    )
