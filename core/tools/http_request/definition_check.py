"""What is wrong with an HTTP tool as a person wrote it."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from core.clients.addresses import allowed_host
from core.clients.outbound import SAFE_METHODS, is_sendable
from core.domain.canonical import Json
from core.domain.schema_check import schema_fault
from core.domain.spec_check import Problem
from core.domain.tool import NAME_PATTERN as TOOL_NAME_PATTERN
from core.tools.http_request.definition import HttpTool, effect_of, property_of
from core.tools.http_request.operation import CALL_KEY
from core.tools.http_request.template import NAME_PATTERN, names_in
from core.tools.secrets import NAME_PATTERN as SECRET_NAME_PATTERN
from core.tools.selection import expression_fault

_LONGEST_S = 600.0
_MOST_BYTES = 50_000_000
_MOST_CHARS = 1_000_000
_KEY_HEADERS = {"authorization", "proxy-authorization", "x-api-key", "api-key", "x-auth-token"}
"""What stands in a definition is shown, journaled and exported."""


def problems(tool: HttpTool) -> tuple[Problem, ...]:
    """Everything that keeps a definition from being a tool, in the order of its fields."""
    checks = (_about, _address, _parameters, _body, _secrets, _status_check, _inputs, _limits)
    return tuple(problem for check in checks for problem in check(tool))


def _about(tool: HttpTool) -> Iterator[Problem]:
    if not re.fullmatch(TOOL_NAME_PATTERN, tool.name):
        yield Problem("name", "The name has 1 to 64 letters, digits, hyphens and underscores.")
    if not tool.description.strip():
        yield Problem("description", "Say in a sentence what the tool does: the model chooses by it.")


def _address(tool: HttpTool) -> Iterator[Problem]:
    yield from _url(tool, tool.url, "url")
    for host in tool.allow_hosts:
        yield from _host(host)


def _url(tool: HttpTool, url: str, field: str) -> Iterator[Problem]:
    try:
        parts = urlsplit(url)
    except ValueError as error:
        yield Problem(field, f"The address cannot be read: {error}.")
        return
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield Problem(field, "The address begins with https:// or http:// and a host.")
    elif set("{}@") & set(parts.netloc):
        yield Problem(field, "The host is yours to choose: no {input}, name or password can stand in it.")
    elif parts.query or parts.fragment:
        yield Problem(field, "Write what stands behind ? as query parameters.")
    elif set("{}") & set(re.sub(rf"\{{{NAME_PATTERN}\}}", "", parts.path)):
        yield Problem(field, "A brace in the path belongs to an {input}.")
    for name in names_in(parts.path):
        if name in tool.inputs and not tool.inputs[name].required:
            yield Problem(field, f"{{{name}}} stands in the path, so the input has to be required.")


def _host(host: str) -> Iterator[Problem]:
    try:
        allowed_host(host)
    except ValueError as error:
        yield Problem("allow_hosts", str(error))


def _parameters(tool: HttpTool) -> Iterator[Problem]:
    yield from _query(tool.query, "query")
    for name, text in tool.headers.items():
        if name.lower() in _KEY_HEADERS:
            yield Problem("headers", f"A key does not belong into the definition: name a secret for {name}.")
        elif not is_sendable(name, text):
            yield Problem("headers", f"The header {name!r} cannot be set to this.")
    if tool.idempotency_header and not is_sendable(tool.idempotency_header):
        yield Problem("idempotency_header", f"The header {tool.idempotency_header!r} cannot be set.")


def _query(query: dict[str, Json], field: str) -> Iterator[Problem]:
    for name, value in query.items():
        if not name or isinstance(value, dict | list):
            yield Problem(field, f"The parameter {name!r} needs a name and a text, a number or true or false.")


def _status_check(tool: HttpTool) -> Iterator[Problem]:
    check = tool.status_check
    if check is None:
        return
    if effect_of(tool) == "read":
        yield Problem("status_check", "A tool that only reads needs no status check: its calls are simply repeated.")
    yield from _url(tool, check.url, "status_check")
    yield from _query(check.query, "status_check")
    if check.select and (fault := expression_fault(check.select)):
        yield Problem("status_check", f"The expression does not work: {fault}")
    asked_for = set(names_in([check.url, list(check.query.values())]))
    if not asked_for:
        yield Problem(
            "status_check",
            f"Say which call is meant: by {{{CALL_KEY}}}, sent with the request too, or by an input that names it.",
        )
    elif CALL_KEY in asked_for and not (tool.idempotency_header or CALL_KEY in set(names_in(_texts(tool)))):
        yield Problem(
            "status_check",
            f"The server cannot know {{{CALL_KEY}}}: send it along, as an idempotency header or in the request.",
        )


def _texts(tool: HttpTool) -> list[Json]:
    """What the request has places in."""
    return [tool.url, list(tool.query.values()), list(tool.headers.values()), tool.body]


def _body(tool: HttpTool) -> Iterator[Problem]:
    if tool.body is None:
        return
    given_type = next((text for name, text in tool.headers.items() if name.lower() == "content-type"), "")
    if tool.method in SAFE_METHODS:
        yield Problem("body", f"{tool.method} requests have no body.")
    if tool.body_type == "form" and not isinstance(tool.body, dict):
        yield Problem("body", "A form is a mapping of its fields.")
    if tool.body_type == "text" and not isinstance(tool.body, str):
        yield Problem("body", "A body of the type text is a text.")
    if tool.body_type == "text" and "json" in given_type.lower():
        yield Problem("body", "Choose the type json: in a text the model's quotes would break the JSON.")


def _secrets(tool: HttpTool) -> Iterator[Problem]:
    for secret in tool.secrets:
        if not re.fullmatch(SECRET_NAME_PATTERN, secret.secret):
            yield Problem("secrets", f"{secret.secret!r} is not the name of a secret.")
        if secret.use in ("header", "query", "cookie") and not secret.name:
            yield Problem("secrets", f"Say as which {secret.use} the secret {secret.secret} is sent.")
        elif secret.use in ("header", "cookie") and not is_sendable(secret.name or "x", secret.prefix):
            yield Problem("secrets", f"The {secret.use} {secret.name!r} cannot be set.")


def _inputs(tool: HttpTool) -> Iterator[Problem]:
    used = set(names_in(_texts(tool)))
    if tool.status_check is not None:
        used |= set(names_in([tool.status_check.url, list(tool.status_check.query.values())]))
    used.discard(CALL_KEY)
    for name, entry in tool.inputs.items():
        if name == CALL_KEY:
            yield Problem("inputs", f"{{{CALL_KEY}}} is filled in for each call: choose another name for the input.")
        elif not re.fullmatch(NAME_PATTERN, name):
            yield Problem(
                "inputs", f"The input {name!r} has letters, digits and underscores, and does not begin with a digit."
            )
        elif name not in used:
            yield Problem("inputs", f"The input {name} is used nowhere. Write {{{name}}} where its value goes.")
        if fault := schema_fault(property_of(entry)):
            yield Problem("inputs", f"The schema of {name} is faulty: {fault[:300]}")
    for name in sorted(used - tool.inputs.keys()):
        yield Problem(
            "inputs", f"{{{name}}} is no input. Add it, or write {{{{{name}}}}} where the text itself is meant."
        )


def _limits(tool: HttpTool) -> Iterator[Problem]:
    for field, value, most in (
        ("seconds", tool.seconds, _LONGEST_S),
        ("answer_bytes", tool.answer_bytes, _MOST_BYTES),
        ("answer_chars", tool.answer_chars, _MOST_CHARS),
    ):
        if not 0 < value <= most:
            yield Problem(field, f"This has to be above 0 and at most {most:,g}.")
    if tool.select and (fault := expression_fault(tool.select)):
        yield Problem("select", f"The expression does not work: {fault}")
