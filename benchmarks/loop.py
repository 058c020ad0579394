"""What our loop costs, as ratios to loops that keep nothing. See README.md.

.venv/bin/python benchmarks/loop.py [cpu] [growth] [first] [many]      default: cpu growth
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
ROUNDS = 5
RUNS = 40
"""Runs of one loop in one visit; the cheapest one counts, since a busy machine only ever adds."""


class Process:
    """A script of this folder that speaks JSON lines."""

    def __init__(self, *arguments: str) -> None:
        environment = os.environ | {"PYTHONPATH": f"{HERE.parent}:{HERE}", "HF_HUB_DISABLE_TELEMETRY": "1"}
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=HERE,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.greeting = self.hear()

    def ask(self, **order: object) -> Any:
        assert self._process.stdin
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return self.hear()

    def hear(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self._process.args} ended early")
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.terminate() if self._process.args[1] == "server.py" else None
        self._process.wait()


class Bench:
    """The server and the loops that were asked for, each in a process of its own."""

    def __init__(self, *names: str) -> None:
        self.server = Process("server.py")
        self.loops = {name: Process("contender.py", name) for name in names}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        for process in (*self.loops.values(), self.server):
            process.close()

    def url(self, *, calls: int = 5, tokens: int = 50, wait_ms: int = 0, rate: int = 0) -> str:
        return f"http://127.0.0.1:{self.server.greeting}/c{calls}-t{tokens}-w{wait_ms}-r{rate}/v1"

    def one_by_one(self, name: str, runs: int, **script: int) -> Any:
        url, tokens = self.url(**script), script.get("tokens", 50)
        return self.loops[name].ask(measure="one_by_one", base_url=url, runs=runs, tokens=tokens)

    def least_cpu_ms(self, name: str, runs: int = RUNS, **script: int) -> float:
        return float(min(self.one_by_one(name, runs, **script)["cpus_ms"]))


def cpu() -> None:
    """Targets 1: durable ÷ httpx2 ≤ 1.0 (first step 1.9), durable ÷ hub ≤ 0.45."""
    with Bench("httpx2", "hub", "memory", "durable") as bench:
        for name in bench.loops:
            bench.one_by_one(name, 10)
        rounds = [cpu_round(bench) for _ in range(ROUNDS)]
    print(f"\nCPU of a run (5 calls, 50 tokens, 6 requests), {ROUNDS} rounds, least of {RUNS} runs a visit")
    print(f"{'':10}{'ms, least':>12}{'÷ httpx2':>12}{'÷ hub':>12}")
    for name in rounds[0]:
        to_httpx2, to_hub = (median(each[name] / each[base] for each in rounds) for base in ("httpx2", "hub"))
        print(f"{name:10}{min(each[name] for each in rounds):12.2f}{to_httpx2:12.2f}{to_hub:12.2f}")


def cpu_round(bench: Bench) -> dict[str, float]:
    """Every loop between two visits of the one it is compared with."""
    before = bench.least_cpu_ms("httpx2")
    least = {name: bench.least_cpu_ms(name) for name in ("memory", "durable", "hub")}
    return {"httpx2": min(before, bench.least_cpu_ms("httpx2"))} | least


def growth() -> None:
    """Target 7: a run of 200 steps costs at most 45 times one of 5."""
    with Bench("memory", "durable") as bench:
        print(f"\nCPU of a 200-step run ÷ a 5-step run, median of {ROUNDS}")
        for name in bench.loops:
            bench.one_by_one(name, 10)
            ratios = [
                bench.least_cpu_ms(name, 3, calls=199, tokens=1) / bench.least_cpu_ms(name, 20, calls=4, tokens=1)
                for _ in range(ROUNDS)
            ]
            print(f"{name:10}{median(ratios):8.1f}")


def first() -> None:
    """Target 3: at most 1 ms more to the first token than the transport's."""
    with Bench("httpx2", "memory", "durable") as bench:
        print("\nFirst token, ms after it was sent (median; one run at a time, 200 tokens/s)")
        for name in bench.loops:
            bench.one_by_one(name, 5)
            late = bench.one_by_one(name, 30, calls=1, tokens=20, wait_ms=10, rate=200)["first_ms"]
            print(f"{name:10}{median(late):8.2f}")


def many() -> None:
    """Target 2: 200 durable runs at once: wall ≤ 1.05 × ideal, p95 token delay ≤ 20 ms, ≤ 0.1 MB a live run."""
    runs, wait_ms, rate, tokens = 200, 200, 50, 50
    ideal_s = 6 * wait_ms / 1000 + (tokens - 1) / rate
    print(f"\n{runs} runs at once, {wait_ms} ms to think, {rate} tokens/s; started within {ideal_s:.1f} s")
    print(f"{'':10}{'wall ÷ ideal':>14}{'p50 ms':>10}{'p95 ms':>10}{'CPU ms a run':>14}{'MB a run':>10}")
    with Bench("httpx2", "memory", "durable") as bench:
        url = bench.url(wait_ms=wait_ms, rate=rate)
        for name, process in bench.loops.items():
            bench.one_by_one(name, 5)
            got = process.ask(measure="at_once", base_url=url, runs=runs, over_s=ideal_s, tokens=tokens)
            wall = got["wall_s"] / (ideal_s * (2 - 1 / runs))
            cpu_ms = got["cpu_s"] * 1000 / runs
            print(
                f"{name:10}{wall:14.2f}{got['p50_ms']:10.1f}{got['p95_ms']:10.1f}{cpu_ms:14.1f}{got['mb_per_run']:10.3f}"
            )


if __name__ == "__main__":
    parts = {"cpu": cpu, "growth": growth, "first": first, "many": many}
    for part in sys.argv[1:] or ["cpu", "growth"]:
        parts[part]()
