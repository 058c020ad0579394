"""OpenAPI documents brought in: fetched, looked at, and their operations kept as tools."""

import asyncio
from collections.abc import Collection, Mapping, Sequence

import msgspec
from sqlalchemy import Engine

from core.clients.outbound import Outbound, OutboundRequest
from core.db.unit import UnitOfWork
from core.domain.result import Err, Ok, Result
from core.domain.tool import ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.repositories.api_documents import ApiDocumentRepository
from core.repositories.tools import ToolRepository
from core.services.tool_catalogue import ToolCatalogue
from core.tools.openapi.document import DocumentError, parse
from core.tools.openapi.reader import LeftOut, Reading, read

DOCUMENT_LIMIT_BYTES = 30_000_000
DOCUMENT_LIMIT_S = 30.0
_AT_ONCE = 500
"""Tools in one statement."""


class ImportOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What a person says beside the document. `server`: an address in the place of those it names. `file`: where its
    text came from, where that can be read again.
    """

    prefix: str = ""
    only: tuple[str, ...] = ()
    allow_hosts: tuple[str, ...] = ()
    secrets: Mapping[str, str] = {}
    server: str = ""
    file: str = ""


class Document(msgspec.Struct, frozen=True):
    """A document as it was read. `source` names it for people: its address or its title."""

    source: str
    reading: Reading
    options: ImportOptions = ImportOptions()
    place: str = ""
    """Where it can be read again; empty: somebody gave its text."""


class OpenApiImport:
    """From an address or a text to tools of the kind `openapi`."""

    def __init__(self, engine: Engine, catalogue: ToolCatalogue, outbound: Outbound) -> None:
        self._engine, self._catalogue, self._outbound = engine, catalogue, outbound

    def look(self, source: str, options: ImportOptions) -> Result[Document]:
        """What would become of every operation; nothing is kept yet.

        `source` is the document's http address or its text; never a path on this machine.
        """
        try:
            url, text = self._fetched(source.strip(), options.allow_hosts)
            reading = read(
                parse(text),
                url,
                prefix=options.prefix,
                only=options.only,
                allow=options.allow_hosts,
                secrets=options.secrets,
                server=options.server,
            )
        except DocumentError as error:
            return Err("invalid", str(error), "source")
        except FaultError as error:
            return Err("unavailable", f"The document cannot be fetched: {error.fault.message}", "source")
        except OutcomeUnknown as error:
            return Err("unavailable", f"The document cannot be fetched: {error}", "source")
        return Ok(Document(url or reading.title, reading, options, url or options.file))

    def keep(
        self, document: Document, who: str, names: Collection[str] | None = None
    ) -> tuple[list[ToolSpec], list[LeftOut]]:
        """Keep its tools, or only those named, and say what could not be.

        Replaces only what came from the same source: two documents may well name an operation alike.
        """
        chosen = [tool for tool in document.reading.tools if names is None or tool.name in names]
        free = [tool for tool in chosen if not self._catalogue.is_builtin(tool.name)]
        kept: set[str] = set()
        refused: dict[str, str] = {}
        with UnitOfWork(self._engine) as unit:
            tools = ToolRepository(unit.session)
            for start in range(0, len(free), _AT_ONCE):
                put = _put(tools, free[start : start + _AT_ONCE], document.source, who)
                kept |= put[0]
                refused |= put[1]
            if kept and document.source:
                _remember(unit, document, who)
            unit.commit()
        left_out = [
            LeftOut(_place(tool), refused.get(tool.name, _taken(tool))) for tool in chosen if tool.name not in kept
        ]
        return [tool for tool in chosen if tool.name in kept], left_out

    def _fetched(self, source: str, hosts: tuple[str, ...]) -> tuple[str, str]:
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


def _remember(unit: UnitOfWork, document: Document, who: str) -> None:
    """So that it can be read again, and compared."""
    options = msgspec.to_builtins(document.options)
    ApiDocumentRepository(unit.session).put(document.source, document.place, options, document.reading.operations, who)


def _put(tools: ToolRepository, some: Sequence[ToolSpec], source: str, who: str) -> tuple[set[str], dict[str, str]]:
    """The names that were kept, and why others were refused: one faulty tool must not keep out its neighbours."""
    put = tools.put_many(some, source, who)
    if isinstance(put, Ok):
        return put.value, {}
    if len(some) == 1:
        return set(), {some[0].name: put.message}
    halves = (some[: len(some) // 2], some[len(some) // 2 :])
    (kept, refused), (more, others) = (_put(tools, half, source, who) for half in halves)
    return kept | more, refused | others


def _place(tool: ToolSpec) -> str:
    return str(tool.definition.get("operation", tool.name))


def _taken(tool: ToolSpec) -> str:
    return f"a tool named {tool.name} exists already; import with another prefix"
