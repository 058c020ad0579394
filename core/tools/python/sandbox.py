"""Another process, another interpreter: no file, no network, bounded time and memory."""

import asyncio
import contextlib
import os
import signal
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from core.domain.canonical import Json
from core.domain.tool import ToolResult
from core.errors import Fault, FaultError
from core.tools.executor import CannotDoError

_MAX_SLEEP_S = 2.0
_MAX_PRINTED_BYTES = 200_000
_ARGUMENTS = "_arguments"


class Bounds(NamedTuple):
    """Of one program."""

    seconds: float = 10.0
    memory_bytes: int = 128 * 2**20


async def run_program(code: str, bounds: Bounds) -> ToolResult:
    """What it printed, and the value of its last expression as a person at a prompt would see it."""
    printed, value = await _away(_Sandbox(bounds), code, None)
    return _result(printed, "" if value is None else repr(value), value)


async def call_function(code: str, function: str, arguments: dict[str, Json], bounds: Bounds) -> ToolResult:
    """What a function of the program returns: a text as it is, anything else as JSON where JSON can carry it."""
    printed, value = await _away(_Sandbox(bounds), code, (f"{function}(**{_ARGUMENTS})", arguments))
    return _result(printed, value if isinstance(value, str) else "" if value is None else _written(value), value)


async def load(code: str, bounds: Bounds) -> None:
    """Raises `CannotDoError` when the program does not even begin."""
    await _away(_Sandbox(bounds), code, None)


async def _away(sandbox: "_Sandbox", code: str, call: tuple[str, dict[str, Json]] | None) -> tuple[str, Any]:
    try:
        return await asyncio.to_thread(sandbox.run, code, call)
    except asyncio.CancelledError:
        sandbox.kill()
        raise


@dataclass(slots=True)
class _Sandbox:
    """One worker process for one program."""

    bounds: Bounds
    _pid: int | None = None
    _killed: bool = field(default=False)

    def run(self, code: str, call: tuple[str, dict[str, Json]] | None) -> tuple[str, Any]:
        """What was printed, and the value of the call, or else of the program's last expression."""
        import pydantic_monty as monty  # noqa: PLC0415 (a shared library of 10 MB)

        printed = monty.CollectString(_MAX_PRINTED_BYTES)
        try:
            with monty.Monty(max_processes=1) as pool, pool.checkout(limits=self._limits()) as session:
                self._pid = session.worker_pid
                value = None if self._killed else session.feed_run(code, print_callback=printed)
                if call is not None and not self._killed:
                    value = session.feed_run(call[0], inputs={_ARGUMENTS: call[1]}, print_callback=printed)
        except monty.MontyCrashedError as error:
            raise FaultError(Fault("tool_failed", f"The sandbox ended unexpectedly: {error}")) from None
        except monty.MontyError as error:
            raise CannotDoError(_report(printed.output, _failure(error))) from None
        finally:
            self._pid = None
        return printed.output, value

    def kill(self) -> None:
        """End the program at once, whatever it is doing."""
        self._killed = True
        if self._pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    def _limits(self) -> Any:
        return {
            "max_feed_duration_secs": self.bounds.seconds,
            "max_memory": self.bounds.memory_bytes,
            "max_total_sleep_secs": _MAX_SLEEP_S,
            "max_suspensions": 1_000,
        }


def _result(printed: str, last: str, value: Any) -> ToolResult:
    return ToolResult(_report(printed, last), data=_json(value))


def _failure(error: Any) -> str:
    shown: str = error.display() if hasattr(error, "display") else str(error)
    return shown


def _report(printed: str, last: str) -> str:
    parts = [part for part in (printed.rstrip("\n"), last) if part]
    return "\n".join(parts) or "(the program ended without printing anything)"


def _written(value: Any) -> str:
    as_json = _json(value)
    return repr(value) if as_json is None else msgspec.json.format(msgspec.json.encode(as_json), indent=1).decode()


def _json(value: Any) -> Json:
    """The value where JSON can carry it, else nothing: its text is in the report."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, OverflowError, RecursionError, msgspec.MsgspecError):
        return None
