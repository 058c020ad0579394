"""Tools that a person writes, without code: read from files and forms, checked, shown as they will be sent, kept."""

from typing import TypeVar
from urllib.parse import quote

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain import strict_json
from core.domain.arguments import BadArguments, check_arguments
from core.domain.canonical import Json
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import Problem
from core.domain.tool import ToolSpec
from core.repositories.tools import ToolRepository
from core.services.keeping import keep
from core.services.shape import faults
from core.services.tool_catalogue import ToolCatalogue
from core.services.yaml_files import read_yaml, write_yaml
from core.tools.executor import CannotDoError
from core.tools.http_request.build import build
from core.tools.http_request.credentials import in_words
from core.tools.http_request.definition import HttpTool, check_of, operation_of, tool_of
from core.tools.http_request.definition_check import problems

T = TypeVar("T")
_PREVIEW_KEY = "‹key of the call›"


class KeptTool(msgspec.Struct, frozen=True):
    """`is_new` False: the same tool stood there already."""

    tool: ToolSpec
    is_new: bool


class RequestPreview(msgspec.Struct, frozen=True):
    """A request as it would be sent. `secrets` says where each goes, without its value."""

    method: str
    url: str
    headers: dict[str, str]
    body: str
    secrets: tuple[str, ...]
    check_url: str = ""
    """Where it is looked up what became of a call; empty: nowhere."""


class ToolMaker:
    """Writes tools of the kinds that people define themselves."""

    def __init__(self, engine: Engine, catalogue: ToolCatalogue) -> None:
        self._engine, self._catalogue = engine, catalogue

    def read_http(self, text: str) -> Result[HttpTool]:
        """An HTTP tool from a YAML or JSON text; `invalid` says what does not fit."""
        return _read(text, HttpTool)

    def http_file(self, tool: HttpTool) -> str:
        """The tool as a file that `read_http` reads."""
        return write_yaml(msgspec.to_builtins(tool))

    def http_problems(self, tool: HttpTool) -> tuple[Problem, ...]:
        """What keeps a definition from being kept."""
        return problems(tool)

    def http_definition(self, name: str) -> HttpTool | None:
        """A tool of the kind `http` as it was written, to go on writing it."""
        tool = self._catalogue.get(name)
        return msgspec.convert(tool.definition, HttpTool) if tool and tool.kind == "http" else None

    def keep_http(self, tool: HttpTool, who: str, *, is_new: bool = False) -> Result[KeptTool]:
        """Add a tool, or replace the one of its name and kind unless it is meant to be new.

        Runs under way keep what they began with.
        """
        if wrong := problems(tool):
            return Err("invalid", wrong[0].message, wrong[0].field)
        return self.keep(tool_of(tool), who, is_new=is_new)

    def preview(self, tool: HttpTool, arguments_json: str) -> Result[RequestPreview]:
        """The request of one call, checked like a model's."""
        if wrong := problems(tool):
            return Err("invalid", wrong[0].message, wrong[0].field)
        spec = tool_of(tool)
        arguments = check_arguments(spec, arguments_json)
        if isinstance(arguments, BadArguments):
            return Err("invalid", arguments.reason, "arguments")
        operation = operation_of(spec)
        try:
            request = build(operation, arguments, _PREVIEW_KEY, spec.time_limit_s)
            check = check_of(spec)
            check_url = build(check, arguments, _PREVIEW_KEY, spec.time_limit_s).url if check else ""
        except CannotDoError as error:
            return Err("invalid", str(error), "arguments")
        secrets = tuple(in_words(credential) for credential in operation.credentials)
        return Ok(
            RequestPreview(
                request.method,
                _readable(request.url),
                request.headers,
                request.body.decode(),
                secrets,
                _readable(check_url),
            )
        )

    def keep(self, tool: ToolSpec, who: str, *, is_new: bool) -> Result[KeptTool]:
        """Add a tool, or replace the one of its name and kind; with `is_new` its name has to be free."""
        there = self._catalogue.get(tool.name)
        if there is not None and (is_new or there.kind != tool.kind):
            return Err("conflict", f"There is a tool named {tool.name} already.", "name")
        with UnitOfWork(self._engine) as unit:
            tools = ToolRepository(unit.session)
            kept = keep(unit, tools.add(tool, "", who) if there is None else tools.update(tool, ""))
        if isinstance(kept, Err):
            return kept
        return Ok(KeptTool(kept.value, is_new=kept.value != there))


def _readable(url: str) -> str:
    """With the words for the key as words."""
    return url.replace(quote(_PREVIEW_KEY, safe=""), _PREVIEW_KEY)


def _read(text: str, into: type[T]) -> Result[T]:
    value = _value(text)
    if isinstance(value, Err):
        return value
    if fault := next(faults(value.value, into), ""):
        return Err("invalid", fault)
    return Ok(msgspec.convert(value.value, into))


def _value(text: str) -> Result[Json]:
    if not text.lstrip().startswith("{"):
        return read_yaml(text)
    try:
        return Ok(strict_json.read(text))
    except strict_json.NotJsonError as error:
        return Err("invalid", f"The file is not valid JSON: {error}.")
