"""The documented HTTP interface of a Gradio app, such as a Hugging Face Space: asked what it offers, called, read.

Its own client library is not used: it sends usage statistics, keeps connections and threads of its own that retry
without end, writes results to the disk, takes this machine's token, and none of its requests can be led through the
guard. Source: https://www.gradio.app/guides/querying-gradio-apps-with-curl
"""

import hashlib
import time
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import msgspec

from core.clients.outbound import Outbound, OutboundRequest, OutboundResponse
from core.clients.refusals import good
from core.domain.canonical import Json
from core.errors import Fault, FaultError, OutcomeUnknown

HUB = "https://huggingface.co"
PREFIXES = ("/gradio_api", "")
"""Where the interface lies: since Gradio 5, and before."""
_LOOK_S, _LOOK_BYTES = 20.0, 5_000_000
_KEY_HEADER = "x-hf-authorization"
"""A Space's own code never sees it: the servers before it take it away."""


class SpacePlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where an app is. `prefix`: before every path of its interface."""

    address: str
    prefix: str = PREFIXES[0]
    key: str = ""
    allow: tuple[str, ...] = ()

    def at(self, path: str) -> str:
        return f"{self.address.rstrip('/')}{self.prefix}{path}"


class Described(msgspec.Struct, frozen=True):
    """What an app says of itself: its endpoints by name, each as it came."""

    prefix: str
    endpoints: dict[str, Json]


class Said(msgspec.Struct, frozen=True):
    """How a call ended. `error` None: it went well; empty: it failed without a word."""

    data: tuple[Json, ...] = ()
    error: str | None = None


class SpaceClient:
    """Every request goes through the guard, once."""

    def __init__(self, outbound: Outbound, hub: str = HUB, hub_allow: tuple[str, ...] = ()) -> None:
        self._outbound, self._hub, self._hub_allow = outbound, hub, hub_allow

    async def address_of(self, space: str, key: str = "") -> str:
        """The address of the Space `owner/name`. Raises `FaultError`."""
        headers = {"authorization": f"Bearer {key}"} if key else {}
        url = f"{self._hub}/api/spaces/{space}/host"
        answer = await self._ask(OutboundRequest(method="GET", url=url, headers=headers, allow=self._hub_allow))
        if answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            raise FaultError(Fault("not_found", f"{self._hub} knows no Space {space}, or it is private."))
        match _value(good(answer)):
            case {"host": str(address)} if address.startswith("https://") or self._hub_allow:
                return address
        raise FaultError(Fault("server_error", f"The Space {space} has no address at the moment."))

    async def describe(self, place: SpacePlace) -> Described:
        """What it offers. Raises `FaultError` where there is no Gradio app, or one that is asleep or broken."""
        for prefix in dict.fromkeys((place.prefix, *PREFIXES)):
            there = msgspec.structs.replace(place, prefix=prefix)
            answer = await self._ask(_request("GET", there, "/info"))
            if answer.status == HTTPStatus.NOT_FOUND or "json" not in answer.media_type:
                continue
            match _value(good(answer)):
                case {"named_endpoints": dict(endpoints)}:
                    return Described(prefix, endpoints)
        said = answer.text()[:200] if "text/plain" in answer.media_type else f"HTTP {answer.status}"
        raise FaultError(Fault("not_found", f"No Gradio app answers at {place.address} ({said})."))

    async def upload(self, place: SpacePlace, name: str, media_type: str, content: bytes, timeout_s: float) -> str:
        """Give it a file; the path that the file has there. Changes nothing else."""
        boundary = hashlib.sha256(content).hexdigest()[:32]
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="{quote(name, safe=". ()")}"\r\n'
            f"Content-Type: {media_type}\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{boundary}--\r\n".encode()
        asked = _request("POST", place, "/upload", body, f"multipart/form-data; boundary={boundary}")
        answer = good(await self._outbound.send(replace(asked, timeout_s=timeout_s, changes=False)))
        match _value(answer):
            case [str(path)]:
                return path
        raise FaultError(
            Fault("stream_malformed", f"The Space did not say where it put the file: {answer.text()[:200]}")
        )

    async def call(
        self, place: SpacePlace, endpoint: str, data: list[Json], *, changes: bool, timeout_s: float, max_bytes: int
    ) -> Said:
        """Call an endpoint once and wait for its end. Raises `FaultError`, or `OutcomeUnknown` when it `changes`
        something and its answer is lost. Leaving early closes the connection, which cancels the call there.
        """
        until = time.monotonic() + timeout_s
        bounds: dict[str, Any] = {"changes": changes, "max_bytes": max_bytes}
        path, body = f"/call/{quote(endpoint.strip('/'))}", msgspec.json.encode({"data": data})
        begun = replace(_request("POST", place, path, body), timeout_s=timeout_s, **bounds)
        match _value(good(await self._outbound.send(begun))):
            case {"event_id": str(event)} if event.isalnum():
                waiting = replace(_request("GET", place, f"{path}/{event}"), redirects=0, **bounds)
                left_s = max(0.1, until - time.monotonic())
                return _ended(await self._outbound.send(replace(waiting, timeout_s=left_s)), changes=changes)
        raise FaultError(Fault("stream_malformed", "The Space did not take the call: it gave no event id."))

    async def file(self, place: SpacePlace, path: str, timeout_s: float, max_bytes: int) -> bytes:
        """What it made, by its path there. An address elsewhere is fetched without the key."""
        asked = _request("GET", place, f"/file={quote(path)}")
        if path.startswith(("http://", "https://")):
            asked = OutboundRequest(method="GET", url=path, allow=place.allow)
        answer = good(await self._outbound.send(replace(asked, timeout_s=timeout_s, max_bytes=max_bytes)))
        if answer.cut:
            raise FaultError(Fault("size_limit", f"What the Space made is larger than {max_bytes:,} bytes."))
        return answer.body

    async def _ask(self, asked: OutboundRequest) -> OutboundResponse:
        return await self._outbound.send(replace(asked, timeout_s=_LOOK_S, max_bytes=_LOOK_BYTES))


def _request(method: str, place: SpacePlace, path: str, body: bytes = b"", kind: str = "") -> OutboundRequest:
    headers = {"content-type": kind or "application/json"} if body else {}
    if place.key:
        headers[_KEY_HEADER] = f"Bearer {place.key}"
    return OutboundRequest(method=method, url=place.at(path), headers=headers, body=body, allow=place.allow)


def _ended(answer: OutboundResponse, *, changes: bool) -> Said:
    """How a call ended that was taken. Where that is lost and the call `changes` something, nobody knows it."""
    try:
        return _end(answer)
    except FaultError as error:
        if changes:
            raise OutcomeUnknown(f"The Space took the call, and then: {error.fault.message}") from None
        raise


def _end(answer: OutboundResponse) -> Said:
    for kind, data in _events(good(answer).text()):
        if kind == "complete":
            return Said(tuple(data) if isinstance(data, list) else (data,))
        if kind == "error":
            return Said(error=_why(data))
    if answer.cut:
        raise FaultError(Fault("size_limit", f"It said more than {len(answer.body):,} bytes before it was done."))
    raise FaultError(Fault("stream_incomplete", "Its answer ended without saying how the call ended."))


def _events(stream: str) -> Iterator[tuple[str, Json]]:
    """Kind and data of each event that is whole."""
    for block in stream.replace("\r\n", "\n").split("\n\n")[:-1]:
        fields = dict(line.partition(": ")[::2] for line in block.split("\n"))
        try:
            yield fields.get("event", ""), msgspec.json.decode(fields.get("data", "null"))
        except msgspec.DecodeError:
            yield fields.get("event", ""), fields["data"]


def _why(data: Json) -> str:
    match data:
        case str():
            return data
        case {"error": str(words)}:
            return words
        case _:
            return ""


def _value(answer: OutboundResponse) -> Json:
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
