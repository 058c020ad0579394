"""Python in a sandbox: another process, another interpreter, no file, no network, bounded time and memory."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec

from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.errors import Fault, FaultError
from core.tools.executor import CannotDoError

_TIME_LIMIT_S = 10.0
_MAX_SLEEP_S = 2.0
_MAX_MEMORY_BYTES = 128 * 2**20
_MAX_PRINTED_BYTES = 200_000


async def run_python(
    code: Annotated[
        str, msgspec.Meta(max_length=100_000), "The program. Print, or end with an expression, to see a value."
    ],
) -> ToolResult:
    """Run a Python program in a sandbox and return what it printed and the value of its last expression.

    Has the language and parts of the standard library (math, json, re, datetime, random, collections …); has
    no packages, no files, no network and no access to the machine. Nothing is kept from one call to the next.
    """
    sandbox = _Sandbox()
    try:
        return await asyncio.to_thread(sandbox.run, code)
    except asyncio.CancelledError:
        sandbox.kill()
        raise


@dataclass(slots=True)
class _Sandbox:
    """One worker process for one program."""

    _pid: int | None = None
    _killed: bool = field(default=False)

    def run(self, code: str) -> ToolResult:
        import pydantic_monty as monty  # noqa: PLC0415 (a shared library of 10 MB)

        printed = monty.CollectString(_MAX_PRINTED_BYTES)
        try:
            with monty.Monty(max_processes=1) as pool, pool.checkout(limits=_limits()) as session:
                self._pid = session.worker_pid
                value = None if self._killed else session.feed_run(code, print_callback=printed)
        except monty.MontyCrashedError as error:
            raise FaultError(Fault("tool_failed", f"The sandbox ended unexpectedly: {error}")) from None
        except monty.MontyError as error:
            raise CannotDoError(_report(printed.output, _failure(error))) from None
        finally:
            self._pid = None
        return ToolResult(_report(printed.output, "" if value is None else repr(value)), data=_json(value))

    def kill(self) -> None:
        """End the program at once, whatever it is doing."""
        self._killed = True
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)


def _limits() -> Any:
    return {
        "max_feed_duration_secs": _TIME_LIMIT_S,
        "max_memory": _MAX_MEMORY_BYTES,
        "max_total_sleep_secs": _MAX_SLEEP_S,
        "max_suspensions": 1_000,
    }


def _failure(error: Any) -> str:
    shown: str = error.display() if hasattr(error, "display") else str(error)
    return shown


def _report(printed: str, last: str) -> str:
    """What a person at a prompt would see."""
    parts = [part for part in (printed.rstrip("\n"), last) if part]
    return "\n".join(parts) or "(the program ended without printing anything)"


def _json(value: Any) -> Json:
    """The value where JSON can carry it, else nothing: its text is in the report."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
