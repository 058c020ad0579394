"""Servers that are slow, silent, or do not hang up."""

import time

import pytest

from tests.support.answers import Answer, stall, text
from tests.support.shapes import fails, says, table

AB = text("a", "b")

SHAPES = {
    "silent from the start": fails("timeout", stall(), text="", words="silent for 0.3 seconds"),
    "silent after the headers": fails("timeout", AB.stall_after(0), text="", words="silent for 0.3 seconds"),
    "silent in the middle": fails("timeout", AB.stall_after(2), text="a", words="silent for 0.3 seconds"),
    "silent in a refusal": fails("server_error", Answer(pieces=(b"boom",), status=500, ending="stall"), message="boom"),
    "silent after the reason": says("ab", AB.stall_after(4)),
    "silent after the end mark": says("ab", AB.stall_after(6), text("a", "b").framed("close").stall_after(6)),
    "slow, but not silent": says("ab", AB.paced(0.02)),
    "nothing but signs of life, then text": says("ab", Answer(pieces=(*[b": wait\n\n"] * 5, *AB.pieces)).paced(0.02)),
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr("core.clients.chat.transport._REFUSAL_LIMIT_S", 0.3)


@table(SHAPES)
async def test_timing(meet, shape, answer):
    began = time.monotonic()
    await meet(shape, answer, timeout_s=0.3)
    assert time.monotonic() - began < 3
