"""Calls of Spaces: one call of one endpoint each, after a look whether it is still what was taken in."""

import asyncio
import time

from core.clients.space import SpaceClient, SpacePlace
from core.domain.attachment import Attachment
from core.domain.canonical import Json
from core.domain.tool import ToolRequest, ToolResult
from core.errors import Fault, FaultError
from core.tools.executor import CannotDoError
from core.tools.files import FileStore, found
from core.tools.hub.definition import token_problem
from core.tools.hub.space import HubSpace, SpaceEndpoint, definition_of, endpoint_of
from core.tools.hub.space_answer import MOST_FILES, paths_in, result_of
from core.tools.hub.task import Option
from core.tools.secrets import Scrubber, SecretSource, looked_up

FRESH_S = 60.0
"""How long it counts that an endpoint was as it had been taken in."""


class SpaceExecutor:
    """Looks, uploads, calls, fetches what was made."""

    def __init__(self, client: SpaceClient, secrets: SecretSource, files: FileStore) -> None:
        self._client, self._secrets, self._files = client, secrets, files
        self._seen: dict[tuple[SpacePlace, str], float] = {}

    async def call(self, request: ToolRequest) -> ToolResult:
        written, until = definition_of(request.tool), time.monotonic() + request.time_limit_s
        endpoint = written.endpoint
        if endpoint is None:
            raise FaultError(Fault("unsupported", "This tool names no endpoint of a Space."))
        names = [written.secret] if written.secret else []
        values = await asyncio.to_thread(looked_up, self._secrets, names)
        place = place_of(written, values.get(written.secret, ""))
        with (scrubber := Scrubber(values.items())).errors():
            await self._check(place, endpoint)
            try:
                data = await self._data(place, endpoint, request, written, until)
            except CannotDoError as error:
                return ToolResult(str(error), is_error=True)
            said = await self._client.call(
                place,
                endpoint.name,
                data,
                changes=written.effect == "write",
                timeout_s=_left_s(until),
                max_bytes=written.answer_bytes,
            )
            if said.error is not None:
                why = said.error or "It failed and does not say why; the owner of the Space can see it there."
                return scrubber.result(ToolResult(why, is_error=True))
            return scrubber.result(await self._result(place, written, endpoint, list(said.data), until))

    async def _check(self, place: SpacePlace, endpoint: SpaceEndpoint) -> None:
        """Raises `FaultError` where the app describes the endpoint otherwise than when it was taken in."""
        key = (place, endpoint.hash())
        if time.monotonic() - self._seen.get(key, -FRESH_S) < FRESH_S:
            return
        now = (await self._client.describe(place)).endpoints.get(endpoint.name)
        if now is None or endpoint_of(endpoint.name, now) != endpoint:
            what = "has no endpoint" if now is None else "describes otherwise than when it was taken in"
            raise FaultError(Fault("tool_drift", f"The Space {what} {endpoint.name}. Look at it under Tools, Edit."))
        self._seen[key] = time.monotonic()

    async def _data(
        self, place: SpacePlace, endpoint: SpaceEndpoint, request: ToolRequest, written: HubSpace, until: float
    ) -> list[Json]:
        """The values in the app's order, files uploaded."""
        given = {**request.arguments, **written.fixed}
        return [await self._value(place, one, given, request, until) for one in endpoint.inputs]

    async def _value(
        self, place: SpacePlace, option: Option, given: dict[str, Json], request: ToolRequest, until: float
    ) -> Json:
        if option.medium is None or (not option.needed and option.name not in given):
            return given.get(option.name, option.default)
        file = found(str(given.get(option.name, "")), request.files, option.medium)
        content = await asyncio.to_thread(self._files.content, file.sha256)
        if content is None:
            raise CannotDoError(f"{file.name} is not stored here any more.")
        path = await self._client.upload(place, file.name, file.media_type, content, _left_s(until))
        return {"path": path, "orig_name": file.name, "meta": {"_type": "gradio.FileData"}}

    async def _result(
        self, place: SpacePlace, written: HubSpace, endpoint: SpaceEndpoint, data: list[Json], until: float
    ) -> ToolResult:
        paths = list(dict.fromkeys(path for value in data for path in paths_in(value)))
        files: dict[str, Attachment] = {}
        lost = [f"{len(paths) - MOST_FILES} files more."] if len(paths) > MOST_FILES else []
        for path in paths[:MOST_FILES]:
            try:
                content = await self._client.file(place, path, _left_s(until), written.answer_bytes)
                files[path] = await asyncio.to_thread(self._files.keep_made, written.name, content)
            except FaultError as error:  # the call has happened: what it said counts without this file
                lost.append(error.fault.message)
        return result_of(endpoint, data, files, lost)


def place_of(written: HubSpace, key: str = "") -> SpacePlace:
    """Where it is called. Raises `FaultError` where its key may not go."""
    if problem := token_problem(written, written.address):
        raise FaultError(Fault("bad_request", problem))
    return SpacePlace(address=written.address, prefix=written.prefix, key=key, allow=written.allow_hosts)


def _left_s(until: float) -> float:
    return max(0.1, until - time.monotonic())
