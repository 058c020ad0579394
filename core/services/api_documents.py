"""OpenAPI documents that tools came from: read again, compared with the tools in use, changes accepted."""

from collections.abc import Collection, Iterable, Mapping

import msgspec
from sqlalchemy import Engine

from core.db.unit import UnitOfWork
from core.domain.api_document import ApiChange, ApiDocument, changes_of
from core.domain.result import Err, Result
from core.domain.tool import ToolSpec
from core.repositories.api_documents import ApiDocumentRepository
from core.repositories.tools import ToolRepository
from core.services.keeping import keep
from core.services.openapi_import import ImportOptions, OpenApiImport

Documents = list[ApiDocument]


class ApiDocumentService:
    """What a tool does stays as it was taken in, whatever its document says, until a person accepts the change."""

    def __init__(self, engine: Engine, importer: OpenApiImport) -> None:
        self._engine, self._importer = engine, importer

    def list(self) -> Documents:
        with UnitOfWork(self._engine) as unit:
            return ApiDocumentRepository(unit.session).list()

    def get(self, source: str) -> ApiDocument | None:
        with UnitOfWork(self._engine) as unit:
            return ApiDocumentRepository(unit.session).get(source)

    def of_tool(self, name: str) -> ApiDocument | None:
        """The document that a tool came from."""
        with UnitOfWork(self._engine) as unit:
            source = ToolRepository(unit.session).source(name)
            return ApiDocumentRepository(unit.session).get(source) if source else None

    def check(self, source: str, text: str = "") -> Result[ApiDocument]:
        """Read a document again, at its address or as it is given, and keep what it says otherwise than the tools in use.

        That it cannot be read is kept as its `fault`; what is in use stays.
        """
        document = self.get(source)
        if document is None:
            return _gone(source)
        options = msgspec.structs.replace(msgspec.convert(document.options, ImportOptions), only=())
        looked = self._importer.look(text or document.place, options)
        with UnitOfWork(self._engine) as unit:
            documents = ApiDocumentRepository(unit.session)
            if isinstance(looked, Err):
                return keep(unit, documents.failed(source, looked.message))
            used = ToolRepository(unit.session).of_source(source, "openapi")
            changes = tuple(changes_of(used, looked.value.reading.tools, document.known))
            return keep(unit, documents.said(source, changes))

    def accept(
        self, source: str, shown: Mapping[str, str], who: str, leave_out: Collection[str] = ()
    ) -> Result[ApiDocument]:
        """Take changes over. `shown`: by operation the hash of what the person saw, of one that is gone the empty text;
        what changed again since is refused. `leave_out`: new operations that are not wanted.
        """
        with UnitOfWork(self._engine) as unit:
            documents, tools = ApiDocumentRepository(unit.session), ToolRepository(unit.session)
            document = documents.get(source)
            if document is None:
                return _gone(source)
            changes = {change.operation: change for change in document.changes}
            if unknown := [place for place, seen in shown.items() if _hash(changes, place) != seen]:
                return Err("conflict", f"{unknown[0]} is no longer what was shown. Look at it again.", "operations")
            for change in (changes[place] for place in shown):
                if isinstance(refused := _take_over(tools, change, source, who), Err):
                    return refused
            done = {*shown, *leave_out}
            known = _known(document, (changes[place] for place in done if place in changes))
            left = [change for change in document.changes if change.operation not in done]
            return keep(unit, documents.accepted(source, known, left, who))


def _hash(changes: Mapping[str, ApiChange], operation: str) -> str | None:
    return changes[operation].hash() if operation in changes else None


def _take_over(tools: ToolRepository, change: ApiChange, source: str, who: str) -> Result[ToolSpec]:
    """Make the catalogue what the document says of one operation."""
    if change.now is None:
        return tools.archive(change.before.name if change.before else "")
    if change.before is None:
        return tools.add(change.now, source, who)
    return tools.update(change.now, source)


def _known(document: ApiDocument, done: Iterable[ApiChange]) -> list[str]:
    """An operation that is gone and comes back is a new one."""
    known = dict.fromkeys(document.known)
    for change in done:
        if change.now is None:
            known.pop(change.operation, None)
        else:
            known[change.operation] = None
    return list(known)


def _gone(source: str) -> Err:
    return Err("not_found", f"There is no OpenAPI document {source} here.", "source")
