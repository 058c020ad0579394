"""HTTP tools while they are being written: everything may still be missing or wrong, and nothing typed is lost."""

from collections.abc import Callable, Iterable

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain import strict_json
from core.domain.canonical import Json
from core.domain.result import Err, Result
from core.domain.run import Run
from core.domain.spec_check import Problem
from core.domain.tool import ToolEffect, ToolSpec
from core.repositories.preferences import PreferenceRepository
from core.services.keeping import keep
from core.services.tool_maker import KeptTool, ToolMaker
from core.tools.http_request.definition import (
    BodyType,
    HttpInput,
    HttpSecret,
    HttpTool,
    InputType,
    Method,
    SecretUse,
    StatusCheck,
    tool_of,
)
from core.tools.http_request.operation import CALL_KEY
from core.tools.http_request.template import names_in, text

__all__ = [
    "BodyType",
    "Finished",
    "HttpDraft",
    "HttpDrafts",
    "HttpInput",
    "HttpSecret",
    "InputType",
    "Method",
    "SecretUse",
]

Pairs = tuple[tuple[str, str], ...]


class HttpDraft(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a form holds. Inputs are kept by name, also those that no {name} asks for at the moment."""

    name: str = ""
    description: str = ""
    method: Method = "GET"
    url: str = ""
    query: Pairs = ()
    headers: Pairs = ()
    body: str = ""
    """Text, or JSON as text. Of a form the fields are the body."""
    fields: Pairs = ()
    body_type: BodyType = "json"
    secrets: tuple[HttpSecret, ...] = ()
    inputs: dict[str, HttpInput] = {}
    select: str = ""
    effect: ToolEffect | None = None
    idempotency_header: str = ""
    check_url: str = ""
    """Of the status check; empty: there is none."""
    check_query: Pairs = ()
    check_select: str = ""
    seconds: float = 30.0
    answer_bytes: int = 5_000_000
    answer_chars: int = 20_000
    allow_hosts: tuple[str, ...] = ()


class Finished(msgspec.Struct, frozen=True):
    """The tool that a draft stands for, as far as it can be told, and what keeps it from being kept."""

    tool: HttpTool
    problems: tuple[Problem, ...]

    @property
    def changes_something(self) -> bool:
        return tool_of(self.tool).effect == "write"


_ALIKE = (
    "name",
    "description",
    "method",
    "url",
    "body_type",
    "secrets",
    "select",
    "effect",
    "idempotency_header",
    "seconds",
    "answer_bytes",
    "answer_chars",
    "allow_hosts",
)


class HttpDrafts:
    """One draft for each person and tool; the tool without a name is the one that does not exist yet.

    `try_out` starts a recorded run of one call; it belongs to the runs.
    """

    def __init__(self, engine: Engine, maker: ToolMaker, try_out: Callable[[ToolSpec, str, str], Result[Run]]) -> None:
        self._engine, self._maker, self._try_out = engine, maker, try_out

    def is_begun(self, name: str, who: str) -> bool:
        """Whether something was typed that is not kept yet."""
        return bool(self._kept(name, who))

    def _kept(self, name: str, who: str) -> dict[str, Json]:
        with UnitOfWork(self._engine) as unit:
            return PreferenceRepository(unit.session).get(_key(name, who))

    def get(self, name: str, who: str) -> HttpDraft:
        """What was typed so far, else the tool as it stands, else nothing."""
        if kept := self._kept(name, who):
            return msgspec.json.decode(kept["draft"], type=HttpDraft)
        tool = self._maker.http_definition(name) if name else None
        return draft_of(tool) if tool else HttpDraft()

    def put(self, name: str, draft: HttpDraft, who: str) -> Result[str]:
        # As text: the database would put the inputs into another order.
        value = {"draft": msgspec.json.encode(draft).decode()}
        with UnitOfWork(self._engine) as unit:
            return keep(unit, PreferenceRepository(unit.session).put(_key(name, who), value, who))

    def discard(self, name: str, who: str) -> None:
        with UnitOfWork(self._engine) as unit:
            PreferenceRepository(unit.session).delete(_key(name, who))
            unit.commit()

    def finish(self, draft: HttpDraft) -> Finished:
        """The tool, with everything that is wrong with it."""
        wrong: list[Problem] = []
        body = _body(draft, wrong)
        query, headers = _once(draft.query, "query", wrong), _once(draft.headers, "headers", wrong)
        check = _check(draft, wrong)
        looked_up = [check.url, list(check.query.values())] if check else []
        asked_for = names_in([draft.url, list(query.values()), list(headers.values()), body, looked_up])
        tool = HttpTool(
            **{name: getattr(draft, name) for name in _ALIKE},
            query=query,
            headers=headers,
            body=body,
            status_check=check,
            inputs={name: draft.inputs.get(name, HttpInput()) for name in asked_for if name != CALL_KEY},
        )
        return Finished(tool, (*wrong, *self._maker.http_problems(tool)))

    def test(self, finished: Finished, arguments_json: str, who: str) -> Result[Run]:
        """Call what was typed so far once, without keeping it; the run is journaled like any other."""
        if finished.problems:
            return Err("invalid", finished.problems[0].message, finished.problems[0].field)
        return self._try_out(tool_of(finished.tool), arguments_json, who)

    def keep(self, name: str, draft: HttpDraft, who: str) -> Result[KeptTool]:
        """Make the draft a tool, and forget the draft."""
        finished = self.finish(draft)
        if finished.problems:
            return Err("invalid", finished.problems[0].message, finished.problems[0].field)
        kept = self._maker.keep_http(finished.tool, who, is_new=not name)
        if not isinstance(kept, Err):
            self.discard(name, who)
        return kept


def draft_of(tool: HttpTool) -> HttpDraft:
    """A form that holds a tool."""
    is_form = tool.body_type == "form" and isinstance(tool.body, dict)
    check = tool.status_check or StatusCheck(url="")
    return HttpDraft(
        **{name: getattr(tool, name) for name in _ALIKE},
        query=_pairs(tool.query.items()),
        headers=_pairs(tool.headers.items()),
        body="" if tool.body is None or is_form else _body_text(tool),
        fields=_pairs(tool.body.items()) if is_form else (),
        check_url=check.url,
        check_query=_pairs(check.query.items()),
        check_select=check.select,
        inputs=tool.inputs,
    )


def _pairs(items: Iterable[tuple[str, Json]]) -> Pairs:
    return tuple((name, text(value)) for name, value in items)


def _body_text(tool: HttpTool) -> str:
    if tool.body_type == "text" and isinstance(tool.body, str):
        return tool.body
    return msgspec.json.format(msgspec.json.encode(tool.body), indent=2).decode()


def _body(draft: HttpDraft, wrong: list[Problem]) -> Json:
    if draft.body_type == "form":
        return _once(draft.fields, "body", wrong) or None
    if not draft.body.strip():
        return None
    if draft.body_type == "text":
        return draft.body
    try:
        return strict_json.read(draft.body)
    except strict_json.NotJsonError as error:
        wrong.append(Problem("body", f"The body is not JSON yet: {error}. An {{input}} stands in quotes."))
        return None


def _check(draft: HttpDraft, wrong: list[Problem]) -> StatusCheck | None:
    if not draft.check_url.strip():
        return None
    query = _once(draft.check_query, "status_check", wrong)
    return StatusCheck(url=draft.check_url.strip(), query=dict(query), select=draft.check_select)


def _once(pairs: Pairs, field: str, wrong: list[Problem]) -> dict[str, str]:
    given = [(name.strip(), value) for name, value in pairs if name.strip() or value]
    made = dict(given)
    if len(made) < len(given):
        wrong.append(Problem(field, "A name stands here twice."))
    return made


def _key(name: str, who: str) -> str:
    return f"http_tool_draft:{name}:{who}"
