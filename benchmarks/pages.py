"""How long the screens take on a database as full as years of use leave it.

    .venv/bin/python -m benchmarks.pages [how often]      default: three times each; about two minutes

It fills an embedded Postgres of its own: 100,000 runs, 1,000,000 journal entries, 10,000 conversations, 1,000 agents,
5,000 tools. Each screen's script is run as the server runs it, without a browser; the fastest time counts.
"""

import logging
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, event
from streamlit.testing.v1 import AppTest

from core.bootstrap import App, build, use_app
from core.db.embedded import leave_postgres
from core.db.engine import create_engine, database_url
from core.db.migrate import migrate
from core.domain.run_query import RunFilter
from core.settings import Settings
from tests.support.crowd import LARGE, crowd

MAIN = Path(__file__).parents[1] / "pages" / "main.py"
TARGET_MS = 300
LONGEST_S = 120.0


class Took(NamedTuple):
    whole_ms: float
    database_ms: float
    statements: int


@contextmanager
def measured(engine: Engine) -> Iterator[list[Took]]:
    """Adds what the block took, and how much of it was waiting for the database."""
    waits: list[float] = []
    began: list[float] = []

    def before(*_: Any) -> None:
        began.append(time.perf_counter())

    def after(*_: Any) -> None:
        waits.append(time.perf_counter() - began.pop())

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "after_cursor_execute", after)
    found: list[Took] = []
    start = time.perf_counter()
    try:
        yield found
    finally:
        found.append(Took((time.perf_counter() - start) * 1000, sum(waits) * 1000, len(waits)))
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "after_cursor_execute", after)


def screens(app: App) -> dict[str, dict[str, str]]:
    """Addresses, by screen; with a space behind it the same screen again."""
    run = next(run for run in app.runs.list(RunFilter(kind=("chat",))) if run.conversation_id)
    return {
        "home": {},
        "agents": {},
        "agents ": {"q": "kalo"},
        "agent": {"agent": str(run.agent_id)},
        "prompts": {},
        "tools": {},
        "tools ": {"q": "kalo"},
        "datasets": {},
        "chat": {},
        "chat ": {"conversation": str(run.conversation_id)},
        "compare": {},
        "evaluations": {},
        "runs": {},
        "runs ": {"time": "All time"},
        "runs  ": {"time": "All time", "q": "kalo"},
        "run": {"run": str(run.id)},
        "settings": {},
    }


def reads(app: App) -> dict[str, Callable[[], object]]:
    """What a person types while they look for something."""
    return {
        "conversations, a common word": lambda: app.conversations.list(search="kalo"),
        "conversations, nothing found": lambda: app.conversations.list(search="nobody said this"),
        "conversations, one letter": lambda: app.conversations.list(search="x"),
        "totals of all runs": app.runs.totals,
        "totals of a common word": lambda: app.runs.totals(RunFilter(search="kalo")),
        "runs that called a tool": lambda: app.runs.list(RunFilter(tool="tool_0")),
        "finder, a common word": lambda: app.finder.find("kalo"),
        "finder, a name": lambda: app.finder.find("Agent 12"),
        "finder, nothing found": lambda: app.finder.find("nobody said this"),
        "all tools": app.tools.list,
        "all agents": app.agents.list,
    }


def draw(engine: Engine, screen: str, params: dict[str, str]) -> Took:
    test = AppTest.from_file(str(MAIN), default_timeout=LONGEST_S).run()
    for name, value in params.items():
        test.query_params[name] = value
    with measured(engine) as took:
        test.switch_page(f"{screen.strip()}.py").run()
    assert not test.exception, screen
    return took[0]


def call(engine: Engine, read: Callable[[], object]) -> Took:
    with measured(engine) as took:
        read()
    return took[0]


def line(name: str, tried: list[Took]) -> None:
    best = min(tried)
    late = "  slower than wanted" if best.database_ms > TARGET_MS else ""
    print(f"{name:34}{best.whole_ms:9.0f} ms {best.database_ms:9.0f} ms {best.statements:6}{late}", flush=True)


def main(times: int) -> None:
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory(prefix="pages-") as home:
        settings = Settings(home=Path(home))
        engine = create_engine(database_url(settings))
        migrate(engine)
        crowd(engine, LARGE)
        app = build(settings, adopt=False)
        use_app(app)
        seen = app._parts.engine  # noqa: SLF001 (what the services were given)
        print(f"{f'fastest of {times}':34}{'whole':>12} {'database':>12} {'statements':>6}")
        for screen, params in screens(app).items():
            line(" ".join([screen, *params.values()]), [draw(seen, screen, params) for _ in range(times)])
        for name, read in reads(app).items():
            line(name, [call(seen, read) for _ in range(times)])
        use_app(None)
        app.close()
        engine.dispose()
        leave_postgres(settings.home)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
