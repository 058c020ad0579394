"""Recorded samples of tools."""

import pytest

from core.domain.result import Err
from core.ids import new_id
from tests.support.workspace import rested, workspace


@pytest.fixture
def app(settings):
    with workspace(settings) as app:
        yield app


def called(app, arguments):
    return rested(app, app.tools.test("calculator", arguments, "").value.id).run.id


def test_an_answer_is_kept_until_another_is(app):
    assert app.tool_samples.get("calculator") is None
    first, second = called(app, '{"expression": "1+1"}'), called(app, '{"expression": "2+2"}')
    app.tool_samples.keep("calculator", first, "ann")
    assert app.tool_samples.get("calculator") == first
    app.tool_samples.keep("calculator", second, "ann")
    assert app.tool_samples.get("calculator") == second


def test_only_a_good_answer_of_the_tool_is_one(app):
    failed = called(app, '{"expression": "1/0"}')
    good = called(app, '{"expression": "1+1"}')
    for tool, run_id in (("calculator", failed), ("calculator", new_id()), ("roll_dice", good)):
        assert app.tool_samples.keep(tool, run_id, "") == Err("invalid", f"This run holds no good answer of {tool}.")
    assert app.tool_samples.get("calculator") is None
