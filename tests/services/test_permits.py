"""What each role may, method by method: nothing is left to chance, and nothing to a hidden button."""

import ast
import dataclasses
import inspect
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.bootstrap import App, acting, build
from core.domain.agent import AgentSpec
from core.domain.person import Person
from core.domain.result import Err, Ok
from core.errors import NotAllowed
from core.services.permits import BUILD, OPERATE, READ, permits
from core.services.runs import StartRun
from core.settings import Settings

VIEWER, BUILDER, OPERATOR = (Person(name=f"a {role}", role=role) for role in ("viewer", "builder", "operator"))


@pytest.fixture
def app(settings: Settings) -> Iterator[App]:
    app = build(settings, adopt=False)
    yield app
    app.close()


def methods() -> set[tuple[str, str]]:
    """Every method of every service that a screen can call."""
    kinds = typing.get_type_hints(App)
    names = [field.name for field in dataclasses.fields(App) if field.name not in {"settings", "_parts"}]
    found = {(name, method) for name in names for method, _ in inspect.getmembers(kinds[name], callable)}
    return {(name, method) for name, method in found if not method.startswith("_")}


def test_every_method_of_every_service_was_decided_about():
    assert methods() == set(permits())


def test_none_was_decided_about_twice():
    listed = [(name, method) for lists in (READ, BUILD, OPERATE) for name in lists for method in lists[name].split()]
    assert len(listed) == len(set(listed))


def test_a_viewer_may_call_nothing_that_keeps_a_name():
    """Whatever takes `who` changes something, or shows what that person said before."""
    kinds = typing.get_type_hints(App)
    signing = {
        (name, method)
        for name, method in methods()
        if "who" in inspect.signature(getattr(kinds[name], method)).parameters
    }
    assert len(signing) > 50
    assert [one for one in signing if permits()[one] == "viewer"] == [("verdicts", "of")]


def test_a_refusal_is_a_result_where_there_are_results_and_an_error_elsewhere(app: App):
    refused = acting(app, VIEWER).agents.create("A", AgentSpec(), "x")
    assert isinstance(refused, Err)
    assert (refused.kind, "change nothing" in refused.message) == ("refused", True)
    with pytest.raises(NotAllowed, match="change nothing"):
        acting(app, VIEWER).conversations.create(None, "x")
    assert app.agents.by_name("A") is None


@pytest.mark.parametrize("person", [VIEWER, BUILDER])
def test_secrets_and_people_are_the_operators(app: App, person: Person):
    theirs = acting(app, person)
    assert isinstance(theirs.secrets.set("K", "value", "x"), Err)
    assert isinstance(theirs.people.add("Eve", "operator", "long enough it is", "x"), Err)
    with pytest.raises(NotAllowed, match="Only an operator"):
        theirs.secrets.value("K")
    with pytest.raises(NotAllowed, match="Only an operator"):
        theirs.people.list()


def test_what_is_kept_is_the_name_of_whoever_is_signed_in(app: App):
    theirs = acting(app, BUILDER)
    made = theirs.agents.create("A", AgentSpec(), "somebody else")
    assert isinstance(made, Ok)
    assert app.agents.revisions(made.value.id)[0].author == BUILDER.name
    started = theirs.runs.start(StartRun(input="Hello", who="somebody else"))
    assert isinstance(started, Ok)
    assert started.value.created_by == BUILDER.name


def test_a_method_nobody_decided_about_is_the_operators(app: App, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(permits(), ("agents", "list"))
    with pytest.raises(NotAllowed):
        acting(app, BUILDER).agents.list()
    assert acting(app, OPERATOR).agents.list()


def test_no_screen_takes_the_services_past_the_roles():
    """`core.bootstrap.get_app` asks nobody who they are: screens take theirs from `pages.components.session`."""
    pages = Path(__file__).parent.parent.parent / "pages"
    bare = [
        str(file.relative_to(pages))
        for file in pages.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "core.bootstrap"
        if any(name.name in {"get_app", "build"} for name in node.names)
    ]
    assert bare == ["main.py"]  # which only looks whether there is one
