"""`tool drift`: what changed of tools that others define, in MCP servers and in OpenAPI documents."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from core.bootstrap import App
from core.cli.exits import Exit, stop, value_of
from core.cli.printing import print_json, print_line
from core.cli.session import opened, who
from core.cli.tool_source import source_row
from core.domain.api_document import ApiChange, ApiDocument
from core.domain.diff import WordChange, text_diff
from core.domain.tool_source import ToolDrift, ToolSource

_MARKS = {"equal": "{}", "insert": "[+{}+]", "delete": "[-{}-]"}


class _Asked(NamedTuple):
    """What was asked for: names of sources, and documents; `tool`: only of this one of their tools."""

    sources: list[str]
    documents: list[str]
    tool: str = ""


@click.command()
@click.argument("name", required=False)
@click.option("--accept", is_flag=True, help="Pin what they say now. New operations of a document are only offered.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def drift(name: str | None, accept: bool, as_json: bool) -> int:
    """Compare the pinned definitions with what MCP servers and OpenAPI documents say now. NAME is one of them, or a tool."""
    with opened() as app:
        asked = _asked(app, name)
        servers = [(found, _of_server(app, found, asked.tool)) for found in _servers(app, asked)]
        documents = [(found, _of_document(found, asked.tool)) for found in _documents(app, asked)]
        if accept:
            for source, drifts in servers:
                value_of(app.tool_sources.accept(source.name, _hashes(drifts), who()))
            for document, changes in documents:
                shown = {change.operation: change.hash() for change in changes}
                value_of(app.api_documents.accept(document.source, shown, who()))
    if as_json:
        print_json([*(_server_row(*one) for one in servers), *(_document_row(*one) for one in documents)])
    else:
        _print(servers, documents, accepted=accept)
    if any(changes for _, changes in [*servers, *documents]) and not accept:
        return Exit.FAILED
    faults = [*(source.fault for source, _ in servers), *(document.fault for document, _ in documents)]
    return Exit.UNREACHABLE if any(faults) else Exit.DONE


def _asked(app: App, name: str | None) -> _Asked:
    if name is None:
        return _Asked(
            [source.name for source in app.tool_sources.list()], [one.source for one in app.api_documents.list()]
        )
    if app.tool_sources.get(name) is not None:
        return _Asked([name], [])
    if app.api_documents.get(name) is not None:
        return _Asked([], [name])
    tool = app.tools.get(name)
    if tool is not None and tool.kind == "mcp":
        return _Asked([str(tool.definition["source"])], [], name)
    document = app.api_documents.of_tool(name)
    if document is None:
        stop(f"There is neither a source of tools named {name} nor a tool of one. See: python -m core tool sources")
    return _Asked([], [document.source], name)


def _servers(app: App, asked: _Asked) -> list[ToolSource]:
    return [value_of(app.tool_sources.check(name)) for name in asked.sources]


def _documents(app: App, asked: _Asked) -> Iterator[ApiDocument]:
    """Each read again: at its address, or from the file that it came from."""
    for source in asked.documents:
        document = app.api_documents.get(source)
        if document is None or document.is_online:
            yield value_of(app.api_documents.check(source))
        elif document.place:
            yield value_of(app.api_documents.check(source, _text(document.place)))
        else:
            print_line(f"{source}: its text was given on a screen; nothing can be read again.")


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        stop(f"{file} cannot be read: {error.strerror}.")


def _of_server(app: App, source: ToolSource, tool: str) -> tuple[ToolDrift, ...]:
    if not tool:
        return source.drifts
    used = app.tool_sources.tools(source.name)
    return tuple(one for one in source.drifts if one.tool in used and used[one.tool].name == tool)


def _of_document(document: ApiDocument, tool: str) -> tuple[ApiChange, ...]:
    return tuple(one for one in document.drifts if not tool or (one.before is not None and one.before.name == tool))


def _hashes(drifts: Iterable[ToolDrift]) -> dict[str, str]:
    return {one.tool: one.now.hash() if one.now else "" for one in drifts}


def _server_row(source: ToolSource, drifts: Iterable[ToolDrift]) -> dict[str, object]:
    changes = [
        {
            "tool": one.tool,
            "change": "changed" if one.now else "gone",
            "parts": one.parts(),
            "before": one.before,
            "now": one.now,
        }
        for one in drifts
    ]
    return {**source_row(source), "drift": changes}


def _document_row(document: ApiDocument, changes: Iterable[ApiChange]) -> dict[str, object]:
    return {
        "name": document.source,
        "where": document.place,
        "checked_at": document.checked_at,
        "fault": document.fault or None,
        "drifted": [one.operation for one in document.drifts],
        "new": [one.operation for one in document.news],
        "drift": [
            {
                "tool": one.before.name if one.before else "",
                "operation": one.operation,
                "change": one.what,
                "parts": one.parts(),
                "before": one.before,
                "now": one.now,
            }
            for one in changes
        ],
    }


def _print(
    servers: Iterable[tuple[ToolSource, tuple[ToolDrift, ...]]],
    documents: Iterable[tuple[ApiDocument, tuple[ApiChange, ...]]],
    *,
    accepted: bool,
) -> None:
    for source, drifts in servers:
        as_before = f"{len(source.accepted)} tools as they were accepted."
        _print_state(source.name, source.fault, "" if drifts else as_before)
        for drift in drifts:
            _print_change(source.name, drift.tool, drift.parts(), is_gone=drift.now is None, accepted=accepted)
            if drift.now:
                _print_texts(drift.before.description, drift.now.description)
                _print_values(drift.before.parameters, drift.now.parameters)
    for document, changes in documents:
        _print_state(document.source, document.fault, "" if changes else "its tools as they were accepted.")
        for change in changes:
            _print_change(document.source, change.operation, change.parts(), is_gone=not change.now, accepted=accepted)
            if change.before and change.now:
                _print_texts(change.before.description, change.now.description)
                _print_values(change.before.parameters, change.now.parameters)
                _print_values(change.before.definition, change.now.definition)
        for new in document.news:
            print_line(f"{document.source}: {new.operation} is new; it is only offered.")


def _print_state(name: str, fault: str, as_before: str) -> None:
    if fault:
        print_line(f"{name} does not answer: {fault}")
    elif as_before:
        print_line(f"{name}: {as_before}")


def _print_change(name: str, tool: str, parts: tuple[str, ...], *, is_gone: bool, accepted: bool) -> None:
    what = "is gone" if is_gone else f"changed: {', '.join(parts)}"
    print_line(f"{name}: {tool} {what}{', accepted' if accepted else ''}")


def _print_values(before: object, now: object) -> None:
    if before != now:
        _print_texts(*(msgspec.json.encode(value).decode() for value in (before, now)))


def _print_texts(before: str, now: str) -> None:
    print_line(f"  {_marked(text_diff(before, now))}")


def _marked(words: Iterable[WordChange]) -> str:
    return "".join(_MARKS[word.op].format(word.text) for word in words)
