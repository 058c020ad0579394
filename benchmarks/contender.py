"""One loop in a process of its own: told on stdin what to run, it answers on stdout with what that took."""

import asyncio
import gc
import json
import resource
import sys
import threading
import time
from importlib import import_module
from pathlib import Path
from typing import Any

LOOPS = {
    "httpx2": ("raw", "HttpxLoop"),
    "hub": ("raw", "HubLoop"),
    "memory": ("ours", "MemoryLoop"),
    "durable": ("ours", "DurableLoop"),
}


def cpu_s() -> float:
    """CPU of this process, all threads, the database's own processes not counted."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def rss_mb() -> float:
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


class Sink:
    """Counts tokens, and how late each came in milliseconds after it was sent."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []

    def __call__(self, text: str) -> None:
        came_us = time.monotonic_ns() // 1000
        self.late_ms += [(came_us - int(sent_us)) / 1000 for sent_us in text.split()]


async def one_by_one(loop: Any, runs: int, tokens: int) -> dict[str, Any]:
    cpus_ms: list[float] = []
    first_ms: list[float] = []
    gc.collect()
    for _ in range(runs):
        sink, begun = Sink(), cpu_s()
        await loop.run(sink)
        cpus_ms.append((cpu_s() - begun) * 1000)
        first_ms.append(sink.late_ms[0])
        assert len(sink.late_ms) == tokens, len(sink.late_ms)
    return {"cpus_ms": cpus_ms, "first_ms": first_ms}


async def at_once(loop: Any, runs: int, over_s: float, tokens: int) -> dict[str, Any]:
    """`over_s`: their starts are spread over so long."""
    sink = Sink()
    peak = Peak()
    gc.collect()

    async def one(number: int) -> None:
        await asyncio.sleep(over_s * number / runs)
        await loop.run(sink)

    before_mb, begun, cpu = rss_mb(), time.monotonic(), cpu_s()
    with peak:
        await asyncio.gather(*(one(number) for number in range(runs)))
    assert len(sink.late_ms) == tokens * runs, len(sink.late_ms)
    return {
        "wall_s": time.monotonic() - begun,
        "cpu_s": cpu_s() - cpu,
        "p50_ms": percentile(sink.late_ms, 0.5),
        "p95_ms": percentile(sink.late_ms, 0.95),
        "mb_per_run": (peak.mb - before_mb) / runs,
    }


class Peak:
    """The most memory this process had in between."""

    def __init__(self) -> None:
        self.mb = 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def _look(self) -> None:
        while not self._over.wait(0.1):
            self.mb = max(self.mb, rss_mb())

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self.mb = max(self.mb, rss_mb())


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


async def main(name: str) -> None:
    module, cls = LOOPS[name]
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 65_536), hard), hard))
    measures = {"one_by_one": one_by_one, "at_once": at_once}
    async with getattr(import_module(module), cls)() as loop:
        print(json.dumps({"ready": True}), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            order = json.loads(line)
            loop.point(order.pop("base_url"))
            measured = await measures[order.pop("measure")](loop, **order)
            print(json.dumps(measured | {"rss_mb": rss_mb()}), flush=True)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
