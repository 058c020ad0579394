"""Whether everything that this workspace needs answers, one line each, with what to do where it does not."""

import shutil
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
from sqlalchemy import Engine

from core.db.migrate import check
from core.db.unit import UnitOfWork
from core.domain.endpoint import Endpoint
from core.domain.result import Ok
from core.domain.tool_source import ToolSource
from core.errors import AryabhattaError, ConfigurationError, Unavailable
from core.repositories.workers import WorkerRepository
from core.services.endpoint_health import EndpointHealth
from core.services.endpoints import EndpointService
from core.services.latest import Known
from core.services.secrets import SecretService
from core.services.tool_sources import ToolSourceService
from core.settings import Settings

_ENDPOINT_LIMIT_S = 5.0
_AT_ONCE = 8
_GIGABYTE = 1_000_000_000
_LEAST_FREE_BYTES = _GIGABYTE // 2


class HealthLine(msgspec.Struct, frozen=True, kw_only=True):
    """`advice` says what to do, or what would be better. Without what is `required` the app is of no use."""

    name: str
    ok: bool
    detail: str
    advice: str = ""
    required: bool = False
    is_checking: bool = False
    """It was asked and has not answered yet; `ok` says nothing then."""


class HealthService:
    """Looks at the database, the endpoints, the MCP servers and the disk; changes nothing."""

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        endpoints: EndpointService,
        sources: ToolSourceService | None = None,
        vault: SecretService | None = None,
    ) -> None:
        self._engine, self._settings = engine, settings
        self._endpoints, self._sources, self._vault = endpoints, sources, vault

    def check(self) -> list[HealthLine]:
        """Every line, asked now; endpoints at the same time, five seconds at most, MCP servers one by one."""
        database = self._database()
        if not database.ok:
            return [database, disk(self._settings)]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = list(pool.map(self._checked, self._endpoints.list()))
        servers = [self._sources.check(source.name) for source in self._sources.list()] if self._sources else []
        asked = [_source_line(server.value) for server in servers if isinstance(server, Ok)]
        return [database, *self._endpoint_lines(found), *asked, *self._own(), disk(self._settings)]

    def look(self, *, fresh: bool = False, patience_s: float = 0.0) -> list[HealthLine]:
        """What is known now, for a page: no line waits for a server longer than `patience_s`.

        Of MCP servers it is what they said when they were last asked.
        """
        database = self._database()
        if not database.ok:
            return [database, disk(self._settings)]
        known = self._endpoints.look(fresh=fresh, patience_s=patience_s)
        found = [_looked(endpoint, known.get(endpoint.name)) for endpoint in self._endpoints.list()]
        servers = [_source_line(source) for source in self._sources.list()] if self._sources else []
        return [database, *self._endpoint_lines(found), *servers, *self._own(), disk(self._settings)]

    def _database(self) -> HealthLine:
        began = time.perf_counter()
        try:
            found = check(self._engine)
        except (Unavailable, ConfigurationError) as error:
            return no_database(error)
        took_ms = (time.perf_counter() - began) * 1000
        place = self._engine.url.host or "embedded"
        version = ".".join(map(str, self._engine.dialect.server_version_info or ()))
        is_newest = found.before == found.after
        return HealthLine(
            name="database",
            ok=is_newest,
            detail=f"PostgreSQL {version} ({place}), schema {found.before or 'missing'}, {took_ms:.0f} ms",
            advice="" if is_newest else "Bring it up to date with: python -m core migrate",
            required=True,
        )

    def _own(self) -> list[HealthLine]:
        """What only concerns those who have secrets, or who let other processes execute their runs."""
        lines = _secret_lines(self._vault)
        return lines if self._settings.execute else [*lines, self._workers()]

    def _workers(self) -> HealthLine:
        with UnitOfWork(self._engine) as unit:
            listed = WorkerRepository(unit.session.connection()).list()
        hosts = sorted({one.host for one in listed if one.is_alive and one.adopts})
        return HealthLine(
            name="workers",
            ok=bool(hosts),
            detail=f"at work on {', '.join(hosts)}" if hosts else "nobody executes the runs that are started here",
            advice="" if hosts else "Start one, here or elsewhere on the same database: python -m core worker",
            required=True,
        )

    def _endpoint_lines(self, found: Sequence[HealthLine]) -> list[HealthLine]:
        choice = self._endpoints.choose()
        chosen = f"endpoint {choice.endpoint.name}"
        return [_as_chosen(line, choice.better) if line.name == chosen else line for line in found]

    def _checked(self, endpoint: Endpoint) -> HealthLine:
        if endpoint.kind == "local":
            return _sleeping(endpoint)
        return _line(endpoint, self._endpoints.check(endpoint.name, _ENDPOINT_LIMIT_S))


def _secret_lines(vault: SecretService | None) -> list[HealthLine]:
    if vault is None:
        return []
    count, closed = len(vault.names()), vault.unreadable()
    if not count:
        return []
    advice = "Put the secrets.key back that they were encrypted with, or set them again under Settings, Secrets."
    return [
        HealthLine(
            name="secrets",
            ok=not closed,
            detail=f"not opened by the key in this home: {', '.join(closed)}" if closed else f"{count:,}, all readable",
            advice=advice if closed else "",
        )
    ]


def _name(endpoint: Endpoint) -> str:
    return f"endpoint {endpoint.name}"


def _looked(endpoint: Endpoint, known: Known[EndpointHealth] | None) -> HealthLine:
    """`known` None: it is not asked, only a question of a person would wake it."""
    if known is None:
        return _sleeping(endpoint)
    if known.value is None:
        return HealthLine(name=_name(endpoint), ok=False, detail="Checking…", is_checking=True)
    return msgspec.structs.replace(_line(endpoint, known.value), is_checking=known.is_asked)


def _sleeping(endpoint: Endpoint) -> HealthLine:
    return HealthLine(name=_name(endpoint), ok=True, detail=f"{endpoint.model} is loaded when it is first asked")


def _line(endpoint: Endpoint, found: EndpointHealth) -> HealthLine:
    role = "Scripted demo, not AI. " if endpoint.kind == "demo" else ""
    advice = "" if found.ok else f"Look at its address and its key under Settings. {found.credential}"
    return HealthLine(name=_name(endpoint), ok=found.ok, detail=f"{role}{found.message}", advice=advice)


def _source_line(source: ToolSource) -> HealthLine:
    names = ", ".join(drift.tool for drift in source.drifts)
    said = f"{source.server_name or 'It'} offers {len(source.seen):,} tools, {len(source.accepted):,} in use"
    return HealthLine(
        name=f"MCP server {source.name}",
        ok=not source.fault and not source.drifts,
        detail=source.fault or (f"changed since it was accepted: {names}" if names else said),
        advice=f"Look at it on the Tools page, or with: python -m core tool drift {source.name}"
        if source.fault or names
        else "",
    )


def no_database(error: AryabhattaError) -> HealthLine:
    """The line of a database that was not reached."""
    return HealthLine(
        name="database",
        ok=False,
        detail=str(error),
        advice="Nothing works without it. DB_CONNECTION_STRING names a server; without it the embedded one is used.",
        required=True,
    )


def disk(settings: Settings) -> HealthLine:
    """Whether there is room where this workspace keeps its files."""
    there = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    free_bytes = shutil.disk_usage(there).free
    return HealthLine(
        name="disk",
        ok=free_bytes >= _LEAST_FREE_BYTES,
        detail=f"{free_bytes / _GIGABYTE:,.1f} GB free, at {settings.home}",
        advice="" if free_bytes >= _LEAST_FREE_BYTES else "Make room: the journal of a run has to be written.",
        required=True,
    )


def _as_chosen(line: HealthLine, better: str) -> HealthLine:
    """The line of the endpoint that the app cannot do without."""
    return msgspec.structs.replace(line, required=True, advice=line.advice or better)
