"""Tools: what there is, trying one, and bringing in those that an OpenAPI document describes."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec
from sqlalchemy import Engine

from core.clients.outbound import Outbound
from core.db.unit import UnitOfWork
from core.domain.attachment import Upload
from core.domain.result import Err, Ok, Result
from core.domain.run import Run
from core.domain.tool import ToolSpec
from core.domain.tool_stats import MOST_CALLS, STATS_DAYS, ToolStats
from core.ids import first_id
from core.repositories.tool_stats import ToolStatsRepository
from core.repositories.tools import ToolRepository
from core.services.openapi_import import Document, ImportOptions, OpenApiImport
from core.services.secrets import SecretService
from core.services.tool_catalogue import ToolCatalogue, Tools
from core.tools.http_request.credentials import in_words
from core.tools.http_request.definition import operation_of
from core.tools.hub.definition import secret_places as hub_secret
from core.tools.mcp.definition import McpTool, secret_places
from core.tools.openapi.reader import LeftOut


class TryOut(Protocol):
    """Starts a recorded run of one call of the tool with this name."""

    def __call__(self, name: str, arguments_json: str, who: str, files: Sequence[Upload], /) -> Result[Run]: ...


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
        try_out: TryOut,
    ) -> None:
        self._engine, self._catalogue = engine, catalogue
        self._vault, self._try_out = vault, try_out
        self._openapi = OpenApiImport(engine, catalogue, outbound)

    def get(self, name: str) -> ToolSpec | None:
        return self._catalogue.get(name)

    def list(self, search: str = "") -> Tools:
        return self._catalogue.list(search)

    def test(self, name: str, arguments_json: str, who: str, files: Sequence[Upload] = ()) -> Result[Run]:
        """Call one tool once, by hand; the run is journaled like any other. `files` are what the call may name."""
        return self._try_out(name, arguments_json, who, files)

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
        server: str = "",
        file: str = "",
    ) -> Result[ImportReport]:
        """Make tools of a document: its http address or its text.

        `secrets` names a secret for a security scheme; the others get a name of their own. Importing the same
        document again replaces the tools it made before. `file`: where a text came from, to be read again later.
        """
        options = ImportOptions(
            prefix=prefix,
            only=tuple(only),
            allow_hosts=tuple(allow_hosts),
            secrets=secrets or {},
            server=server,
            file=file,
        )
        document = self._openapi.look(source, options)
        return document if isinstance(document, Err) else Ok(self.keep_operations(document.value, who))

    def look_openapi(self, source: str, options: ImportOptions) -> Result[Document]:
        """What a document would become; nothing is kept."""
        return self._openapi.look(source, options)

    def keep_operations(self, document: Document, who: str, names: Collection[str] | None = None) -> ImportReport:
        """Keep the tools of a document that was looked at, or only those named."""
        kept, refused = self._openapi.keep(document, who, names)
        return ImportReport(
            tuple(ImportedTool(tool.name, str(tool.definition.get("operation", tool.name))) for tool in kept),
            (*(document.reading.left_out if names is None else ()), *refused),
            self.needed_secrets(kept),
        )

    def stats(self, names: Iterable[str]) -> dict[str, ToolStats]:
        """How these tools did lately; one that was not called is left out."""
        since = first_id(datetime.now(UTC) - timedelta(days=STATS_DAYS))
        with UnitOfWork(self._engine) as unit:
            return ToolStatsRepository(unit.session.connection()).of(names, since, MOST_CALLS)

    def needed_secrets(self, tools: Iterable[ToolSpec]) -> tuple[NeededSecret, ...]:
        """The secrets that tools send, each once and where it goes."""
        goes: dict[str, str] = {}
        for tool in tools:
            goes |= _secret_places(tool)
        return tuple(NeededSecret(name, words, self._vault.has(name)) for name, words in goes.items())


def _secret_places(tool: ToolSpec) -> dict[str, str]:
    """Where each secret of a tool goes, in words, by the secret's name."""
    match tool.kind:
        case "http" | "openapi":
            return {credential.secret: in_words(credential) for credential in operation_of(tool).credentials}
        case "mcp":
            return secret_places(msgspec.convert(tool.definition, McpTool).server)
        case "hf":
            return hub_secret(tool)
        case _:
            return {}
