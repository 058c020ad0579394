"""Tools: what there is, trying one, and bringing in those that an OpenAPI document describes."""

import asyncio
from collections.abc import Callable, Iterable, Mapping

import msgspec
from sqlalchemy import Engine

from core.clients.outbound import Outbound, OutboundRequest
from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.run import Run
from core.domain.tool import ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.repositories.tools import ToolRepository
from core.services.secrets import SecretService
from core.services.tool_catalogue import ToolCatalogue, Tools
from core.tools.http_request.credentials import in_words
from core.tools.http_request.definition import operation_of
from core.tools.openapi.document import DocumentError, parse
from core.tools.openapi.reader import LeftOut, Reading, read

DOCUMENT_LIMIT_BYTES = 30_000_000
DOCUMENT_LIMIT_S = 30.0


class ImportedTool(msgspec.Struct, frozen=True):
    """A tool that was made of an operation, such as `GET /pets`."""

    name: str
    operation: str


class NeededSecret(msgspec.Struct, frozen=True):
    """A secret that imported tools send. `goes` says where to, in words."""

    name: str
    goes: str
    is_set: bool


class ImportReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of every operation that was asked for; nothing is dropped silently."""

    imported: tuple[ImportedTool, ...]
    left_out: tuple[LeftOut, ...]
    secrets: tuple[NeededSecret, ...] = ()


class ToolService:
    """`try_out` starts a recorded run of one call; it belongs to the runs."""

    def __init__(
        self,
        engine: Engine,
        catalogue: ToolCatalogue,
        outbound: Outbound,
        vault: SecretService,
        try_out: Callable[[str, str, str], Result[Run]],
    ) -> None:
        self._engine, self._catalogue, self._outbound = engine, catalogue, outbound
        self._vault, self._try_out = vault, try_out

    def get(self, name: str) -> ToolSpec | None:
        return self._catalogue.get(name)

    def list(self, search: str = "") -> Tools:
        return self._catalogue.list(search)

    def test(self, name: str, arguments_json: str, who: str) -> Result[Run]:
        """Call one tool once, by hand; the run is journaled like any other."""
        return self._try_out(name, arguments_json, who)

    def archive(self, name: str, who: str) -> Result[ToolSpec]:  # noqa: ARG002 (who archived is not kept yet)
        """Take an added tool out of the catalogue. Agents that use it keep it."""
        if any(tool.kind == "builtin" for tool in [self._catalogue.get(name)] if tool):
            return Err("refused", f"{name} is built in.", "name")
        with UnitOfWork(self._engine) as unit:
            archived = ToolRepository(unit.session).archive(name)
            unit.commit()
        return archived

    def import_openapi(
        self,
        source: str,
        who: str,
        prefix: str = "",
        only: Iterable[str] = (),
        allow_hosts: Iterable[str] = (),
        secrets: Mapping[str, str] | None = None,
    ) -> Result[ImportReport]:
        """Make tools of a document. `source` is its http address or its text; never a path on this machine.

        `secrets` names a secret for a security scheme; the others get a name of their own. Importing the same
        document again replaces the tools it made before.
        """
        hosts = tuple(allow_hosts)
        try:
            url, text = self._document(source.strip(), hosts)
            reading = read(parse(text), url, prefix=prefix, only=only, allow=hosts, secrets=secrets)
        except DocumentError as error:
            return Err("invalid", str(error), "source")
        except FaultError as error:
            return Err("unavailable", f"The document cannot be fetched: {error.fault.message}", "source")
        except OutcomeUnknown as error:
            return Err("unavailable", f"The document cannot be fetched: {error}", "source")
        return Ok(self._keep(reading, url, who))

    def _document(self, source: str, hosts: tuple[str, ...]) -> tuple[str, str]:
        if not source:
            raise DocumentError("Give the address of an OpenAPI document, or the document itself.")
        if not source.startswith(("http://", "https://")):
            return "", source
        request = OutboundRequest(
            method="GET", url=source, allow=hosts, max_bytes=DOCUMENT_LIMIT_BYTES, timeout_s=DOCUMENT_LIMIT_S
        )
        response = asyncio.run(self._outbound.send(request))
        if response.status != 200:
            raise DocumentError(f"{source} answered with HTTP status {response.status}.")
        if response.cut:
            raise DocumentError(f"The document is longer than {DOCUMENT_LIMIT_BYTES:,} bytes.")
        return response.url, response.text()

    def _keep(self, reading: Reading, url: str, who: str) -> ImportReport:
        imported: list[ImportedTool] = []
        left_out = list(reading.left_out)
        with UnitOfWork(self._engine) as unit:
            tools = ToolRepository(unit.session)
            for tool in reading.tools:
                operation = str(tool.definition.get("operation", tool.name))
                kept = self._put(tools, tool, url or reading.title, who)
                if isinstance(kept, Err):
                    left_out.append(LeftOut(operation, kept.message))
                else:
                    imported.append(ImportedTool(tool.name, operation))
            unit.commit()
        return ImportReport(tuple(imported), tuple(left_out), self.needed_secrets(reading.tools))

    def needed_secrets(self, tools: Iterable[ToolSpec]) -> tuple[NeededSecret, ...]:
        """The secrets that tools send, each once and where it goes."""
        requests = [operation_of(tool) for tool in tools if tool.kind in ("http", "openapi")]
        goes = {credential.secret: in_words(credential) for request in requests for credential in request.credentials}
        return tuple(NeededSecret(name, words, self._vault.has(name)) for name, words in goes.items())

    def _put(self, tools: ToolRepository, tool: ToolSpec, source: str, who: str) -> Result[ToolSpec]:
        """Replaces only what came from the same source: two documents may well name an operation alike."""
        there = self._catalogue.get(tool.name)
        if there is None:
            return tools.add(tool, source, who)
        if (there.kind, tools.source(tool.name)) != (tool.kind, source):
            return Err("conflict", f"a tool named {tool.name} exists already; import with another prefix", "name")
        return tools.update(tool, source)
