"""MCP servers for tests: a small one of our own that misbehaves on demand, and the reference servers."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.domain.tool_source import McpServer

ASKING = Path(__file__).parent / "mcp_asking_server.py"
NAMES = ("add", "fail", "picture", "structured", "environment", "junk", "wrong", "die", "hang", "refuse", "slow", "ask")
TIME = McpServer(command=(sys.executable, "-m", "mcp_server_time", "--local-timezone", "UTC"))
GIT = McpServer(command=(sys.executable, "-m", "mcp_server_git"))


def asking(folder: Path) -> McpServer:
    """A server made with the SDK whose tools ask a person."""
    return McpServer(command=(sys.executable, "-P", str(ASKING), str(folder)))


@dataclass
class SmallServer:
    """A folder with what the server lists and what it was told."""

    folder: Path

    def __post_init__(self) -> None:
        self.lists(*[tool(name) for name in NAMES])

    @property
    def command(self) -> tuple[str, ...]:
        return sys.executable, "-P", str(Path(__file__).parent / "mcp_server.py"), str(self.folder)

    @property
    def server(self) -> McpServer:
        return McpServer(command=self.command)

    def lists(self, *tools: dict) -> None:
        """From now on it says that it has these tools."""
        (self.folder / "tools.json").write_text(json.dumps(tools))

    @property
    def log(self) -> list[str]:
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []

    def count(self, line: str) -> int:
        return sum(entry.startswith(line) for entry in self.log)


def tool(name: str, description: str = "", *, reads: bool = False, **properties: dict) -> dict:
    """A tool as a server lists it."""
    numbers = {"a": {"type": "integer"}, "b": {"type": "integer"}} if name == "add" else {}
    return {
        "name": name,
        "description": description or f"To {name}.",
        "inputSchema": {"type": "object", "properties": numbers | properties},
        "annotations": {"readOnlyHint": reads},
    }


@dataclass
class GuardedServer:
    """A server that lets only those in who signed in at it."""

    folder: Path
    base: str

    @property
    def server(self) -> McpServer:
        return McpServer(url=f"{self.base}/mcp", allow_hosts=(self.base.removeprefix("http://"),), oauth=True)

    @property
    def log(self) -> list[str]:
        file = self.folder / "log"
        return file.read_text().splitlines() if file.exists() else []

    def lock(self, *, is_locked: bool = True) -> None:
        """While it is locked nobody's tokens are good."""
        (self.folder / "locked").touch() if is_locked else (self.folder / "locked").unlink()


@contextmanager
def guarded_server(folder: Path, seconds: int = 3_600) -> Iterator[GuardedServer]:
    """Its access tokens last so long."""
    script = Path(__file__).parent / "mcp_oauth_server.py"
    command = [sys.executable, "-P", str(script), str(folder), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield GuardedServer(folder, process.stdout.readline().strip())
        finally:
            process.kill()
