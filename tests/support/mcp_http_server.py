"""A real MCP server over HTTP, made with the SDK. Run as a script; its first line of output is its port."""

import socket
import sys

import uvicorn
from mcp.server import MCPServer

server = MCPServer("real", version="1")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])
