"""Whether everything that this workspace needs answers, one line each, with what to do where it does not."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
from sqlalchemy import Engine

from core.db.migrate import check
from core.domain.endpoint import Endpoint
from core.errors import AryabhattaError, ConfigurationError, Unavailable
from core.services.endpoints import EndpointService
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


class HealthService:
    """Looks at the database, the endpoints and the disk; changes nothing."""

    def __init__(self, engine: Engine, settings: Settings, endpoints: EndpointService) -> None:
        self._engine, self._settings = engine, settings
        self._endpoints = endpoints

    def check(self) -> list[HealthLine]:
        """Every line; endpoints are asked at the same time, five seconds at most."""
        database = self._database()
        if not database.ok:
            return [database, disk(self._settings)]
        return [database, *self._endpoint_lines(), disk(self._settings)]

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

    def _endpoint_lines(self) -> list[HealthLine]:
        choice = self._endpoints.choose()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            lines = list(pool.map(lambda one: self._endpoint(one, choice.endpoint.name), self._endpoints.list()))
        return [_with_advice(line, choice.better) if line.required else line for line in lines]

    def _endpoint(self, endpoint: Endpoint, chosen: str) -> HealthLine:
        name = f"endpoint {endpoint.name}"
        is_chosen = endpoint.name == chosen
        if endpoint.kind == "local":
            detail = f"{endpoint.model} is loaded when it is first asked"
            return HealthLine(name=name, ok=True, detail=detail, required=is_chosen)
        found = self._endpoints.check(endpoint.name, _ENDPOINT_LIMIT_S)
        role = "Scripted demo, not AI. " if endpoint.kind == "demo" else ""
        return HealthLine(
            name=name,
            ok=found.ok,
            detail=f"{role}{found.message}",
            advice="" if found.ok else f"Look at its address and its key under Settings. {found.credential}",
            required=is_chosen,
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


def _with_advice(line: HealthLine, advice: str) -> HealthLine:
    return msgspec.structs.replace(line, advice=line.advice or advice)
