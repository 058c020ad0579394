"""A real MCP server over stdin and stdout, made with the SDK, whose tools ask a person. Run as a script.

    python tests/support/mcp_asking_server.py FOLDER

FOLDER/orders gets a line for each order that was really made.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

from mcp.server import MCPServer
from mcp.server.mcpserver import AcceptedElicitation, Context, Elicit, ElicitationResult, Resolve
from mcp.types import ElicitRequest, ElicitRequestURLParams, InputRequiredResult, ToolAnnotations
from pydantic import BaseModel, Field

server = MCPServer("asking", version="1")


class Details(BaseModel):
    size: Literal["small", "large"] = Field(title="Size", description="As it is served.")
    cups: int = Field(title="Cups", ge=1, le=12, default=1)
    name: str = Field(title="Name on the cup", max_length=20)
    gift: bool = Field(title="A gift", default=False)


def details(what: str) -> Elicit[Details]:
    return Elicit(f"How do you want the {what}?", Details)


@server.tool()
def order(what: str, wanted: Annotated[ElicitationResult[Details], Resolve(details)]) -> str:
    """Order something to drink."""
    if not isinstance(wanted, AcceptedElicitation):
        return f"No order: {wanted.action}."
    made = f"{wanted.data.cups} {wanted.data.size} {what} for {wanted.data.name}{' as a gift' * wanted.data.gift}"
    with (Path(sys.argv[1]) / "orders").open("a") as orders:
        orders.write(f"{made}\n")
    return f"Ordered: {made}."


@server.tool(annotations=ToolAnnotations(read_only_hint=True))
def visit(ctx: Context) -> str | InputRequiredResult:
    """Look at what only a signed-in person may see."""
    said = (ctx.input_responses or {}).get("account")
    if said is None:
        where = ElicitRequestURLParams(message="Sign in at the shop first.", url="https://shop.example.org/in?x=1")
        return InputRequiredResult(input_requests={"account": ElicitRequest(params=where)}, request_state="s")
    return f"You said {said.action}."


if __name__ == "__main__":
    server.run("stdio")
