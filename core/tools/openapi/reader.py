"""An OpenAPI document as tools: one for each operation that can be called, and a reason for every other."""

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urljoin, urlsplit

import msgspec

from core.clients.addresses import allowed_host
from core.domain.address import address_problem
from core.domain.canonical import Json
from core.domain.schema_check import schema_fault
from core.domain.tool import Repeat, ToolSpec
from core.tools.http_request.operation import Credential, Operation
from core.tools.naming import Names
from core.tools.openapi.document import DocumentError
from core.tools.openapi.inputs import CannotImportError, Inputs
from core.tools.openapi.schemas import Schemas, UnresolvedError, followed, words
from core.tools.openapi.security import Security
from core.tools.secrets import NAME_PATTERN

_READING = ("get", "head")
_METHODS = (*_READING, "post", "put", "patch", "delete")
_OTHER_METHODS = ("options", "trace")
_MAX_DESCRIPTION_CHARS = 1_000


class LeftOut(msgspec.Struct, frozen=True):
    """An operation that is no tool. `operation` as the document has it, such as `POST /pets`."""

    operation: str
    reason: str


class Reading(msgspec.Struct, frozen=True):
    """What became of a document."""

    title: str
    tools: tuple[ToolSpec, ...]
    left_out: tuple[LeftOut, ...]
    operations: tuple[str, ...] = ()
    """Every operation of the document, chosen or not: `GET /pets`."""


class _Candidate(msgspec.Struct, frozen=True):
    """One entry of the document: a method on a path."""

    path: str
    method: str
    item: dict[str, Json]
    operation: dict[str, Json]

    @property
    def place(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def operation_id(self) -> str:
        return words(self.operation.get("operationId"))


def read(
    document: dict[str, Json],
    url: str = "",
    *,
    prefix: str = "",
    only: Iterable[str] = (),
    allow: Iterable[str] = (),
    secrets: Mapping[str, str] | None = None,
    server: str = "",
) -> Reading:
    """Make tools of a parsed document. `url`: where it came from; servers may be given relative to it.

    `only` names operations by operationId, tool name or "GET /path". `allow`: hosts that the tools may reach
    wherever they lead. `secrets`: names of secrets by security scheme. `server`: an address in the place of all that
    the document names. Raises `DocumentError` when the document has
    no operations at all, or what is given besides does not fit it.
    """
    reader = _Reader(document, url, Names(prefix), _hosts(allow), _security(document, secrets or {}), _server(server))
    made: list[tuple[_Candidate | None, ToolSpec | LeftOut]]
    made = [(candidate, reader.outcome(candidate)) for candidate in _candidates(document)]
    made += [(None, left) for left in _unreadable(document)]
    made += [(None, LeftOut(f"webhook {name}", "webhooks are calls by the server")) for name in _webhooks(document)]
    if not made:
        raise DocumentError("The document has no operations.")
    wanted = set(only)
    chosen = [outcome for candidate, outcome in made if not wanted or _names(candidate, outcome) & wanted]
    known = set().union(*(_names(candidate, outcome) for candidate, outcome in made))
    missing = [LeftOut(name, "there is no operation of this name in the document") for name in sorted(wanted - known)]
    return Reading(
        words(followed(document, document.get("info")).get("title")),
        tuple(outcome for outcome in chosen if isinstance(outcome, ToolSpec)),
        (*(outcome for outcome in chosen if isinstance(outcome, LeftOut)), *missing),
        tuple(candidate.place for candidate, _ in made if candidate),
    )


def _hosts(allow: Iterable[str]) -> tuple[str, ...]:
    hosts = tuple(allow)
    try:
        for host in hosts:
            allowed_host(host)
    except ValueError as error:
        raise DocumentError(str(error)) from None
    return hosts


def _server(address: str) -> str:
    given = address.strip().rstrip("/")
    if given and (problem := address_problem(given)):
        raise DocumentError(f"The server's address cannot be used: {problem}")
    return given


def _security(document: dict[str, Json], secrets: Mapping[str, str]) -> Security:
    try:
        security = Security(document, secrets)
    except UnresolvedError as error:
        raise DocumentError(f"Its security schemes cannot be read: {error}.") from None
    if unknown := security.unknown():
        raise DocumentError(f"The document has no security scheme named {unknown[0]!r}.")
    if bad := [name for name in secrets.values() if not re.fullmatch(NAME_PATTERN, name)]:
        raise DocumentError(f"{bad[0]!r} is not the name of a secret.")
    return security


def _candidates(document: dict[str, Json]) -> Iterator[_Candidate]:
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        try:
            whole = followed(document, item)
        except UnresolvedError:
            whole = {}
        for method in (*_METHODS, *_OTHER_METHODS):
            if isinstance(whole.get(method), dict):
                yield _Candidate(path, method, whole, whole[method])


def _unreadable(document: dict[str, Json]) -> Iterator[LeftOut]:
    """Whole paths whose operations nobody can know."""
    paths = document.get("paths")
    for path, item in (paths if isinstance(paths, dict) else {}).items():
        try:
            followed(document, item)
        except UnresolvedError as error:
            yield LeftOut(path, f"it stands elsewhere: {error}")


def _webhooks(document: dict[str, Json]) -> list[str]:
    webhooks = document.get("webhooks")
    return list(webhooks) if isinstance(webhooks, dict) else []


def _names(candidate: _Candidate | None, outcome: ToolSpec | LeftOut) -> set[str]:
    """What a person may call an operation by."""
    own = {outcome.name} if isinstance(outcome, ToolSpec) else {outcome.operation}
    return own | {candidate.place, candidate.operation_id} if candidate else own


class _Reader:
    def __init__(
        self, document: dict[str, Json], url: str, names: Names, allow: tuple[str, ...], security: Security, server: str
    ) -> None:
        self._document = document
        self._url = url
        self._names = names
        self._allow = allow
        self._security = security
        self._given_server = server

    def outcome(self, candidate: _Candidate) -> ToolSpec | LeftOut:
        try:
            return self._tool(candidate)
        except (CannotImportError, UnresolvedError) as error:
            return LeftOut(candidate.place, str(error))

    def _tool(self, candidate: _Candidate) -> ToolSpec:
        if candidate.method in _OTHER_METHODS:
            raise CannotImportError(f"the method {candidate.method.upper()} is not one for tools")
        url = self._server(candidate) + candidate.path
        credentials, advice = self._security.credentials(candidate.operation, url)
        inputs = self._inputs(candidate, credentials)
        inputs.notes += advice
        parameters = inputs.parameters()
        if fault := schema_fault(parameters):
            raise CannotImportError(f"its schema is faulty: {fault[:300]}")
        is_reading = candidate.method in _READING
        repeat: Repeat = "key" if inputs.idempotency_header else "never"
        return ToolSpec(
            name=self._names.take(candidate.operation_id or f"{candidate.method}{candidate.path}"),
            description=_description(candidate),
            parameters=parameters,
            kind="openapi",
            effect="read" if is_reading else "write",
            # A DELETE may be repeated by HTTP's rules; whether this server keeps them, nobody here knows.
            repeat="safe" if is_reading else repeat,
            definition=msgspec.to_builtins(self._operation(candidate, url, inputs, credentials)),
        )

    def _inputs(self, candidate: _Candidate, credentials: tuple[Credential, ...]) -> Inputs:
        inputs = Inputs(self._document, Schemas(self._document))
        secret = {(credential.place, credential.name.lower()) for credential in credentials}
        for parameter in self._parameters(candidate):
            # A key that is declared twice, as a scheme and as a parameter, is not for the model to make up.
            if (words(parameter.get("in")), words(parameter.get("name")).lower()) not in secret:
                inputs.add_parameter(parameter)
        inputs.check_path(candidate.path)
        body = followed(self._document, candidate.operation.get("requestBody"))
        if body and candidate.method in _READING:
            if body.get("required") is True:
                raise CannotImportError(f"it needs a body, which {candidate.method.upper()} requests do not have")
            inputs.notes.append("Not sent: a body, which requests of this method do not have.")
        elif body:
            inputs.add_body(body)
        if inputs.schemas.cuts:
            inputs.notes.append("Parts of its schema are so large or lead back to themselves that they admit anything.")
        if candidate.operation.get("callbacks"):
            inputs.notes.append("Its callbacks reach nobody here.")
        return inputs

    def _parameters(self, candidate: _Candidate) -> list[dict[str, Json]]:
        """The path's parameters, then the operation's own, which win by name and place."""
        merged: dict[tuple[str, str], dict[str, Json]] = {}
        for source in (candidate.item, candidate.operation):
            given = source.get("parameters")
            for entry in given if isinstance(given, list) else []:
                parameter = followed(self._document, entry)
                merged[(words(parameter.get("name")), words(parameter.get("in")))] = parameter
        return list(merged.values())

    def _operation(
        self, candidate: _Candidate, url: str, inputs: Inputs, credentials: tuple[Credential, ...]
    ) -> Operation:
        return Operation(
            method=candidate.method.upper(),
            url=url,
            inputs=tuple(inputs.found),
            body=inputs.body,
            media_type=inputs.media_type,
            fields=inputs.fields,
            credentials=credentials,
            idempotency_header=inputs.idempotency_header,
            allow=self._allow,
            operation=candidate.place,
            operation_id=candidate.operation_id,
            notes=tuple(inputs.notes),
        )

    def _server(self, candidate: _Candidate) -> str:
        """Address of the first server that holds for an operation."""
        if self._given_server:
            return self._given_server
        sources = (candidate.operation, candidate.item, self._document)
        servers = next((source["servers"] for source in sources if source.get("servers")), [{"url": "/"}])
        server = followed(self._document, servers[0] if isinstance(servers, list) else {})
        address = urljoin(self._url, _filled(words(server.get("url")) or "/", server.get("variables")))
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).netloc:
            raise CannotImportError("the document does not say on which server it is")
        return address.rstrip("/")


def _filled(url: str, variables: Json) -> str:
    """A server's address with its variables' defaults."""
    for name, variable in variables.items() if isinstance(variables, dict) else ():
        default = variable.get("default") if isinstance(variable, dict) else None
        if isinstance(default, str | int):
            url = url.replace(f"{{{name}}}", str(default))
    if "{" in url:
        raise CannotImportError(f"its server {url!r} has a variable without a default")
    return url


def _description(candidate: _Candidate) -> str:
    given = (candidate.operation.get("summary"), candidate.operation.get("description"), candidate.item.get("summary"))
    parts = dict.fromkeys(words(part).strip() for part in given if words(part).strip())
    text = "\n".join(parts) or candidate.place
    return text if len(text) <= _MAX_DESCRIPTION_CHARS else f"{text[: _MAX_DESCRIPTION_CHARS - 1]}…"
