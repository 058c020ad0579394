"""Endpoints of Hugging Face Spaces and other Gradio apps as tools: looked at, chosen, set up, compared with what they were."""

import asyncio

import msgspec

from core.clients.outbound import Outbound
from core.clients.space import SpaceClient, SpacePlace
from core.domain.result import Err, Ok, Result
from core.domain.spec_check import Problem
from core.domain.tool import ToolSpec
from core.errors import FaultError, OutcomeUnknown
from core.services.hub_desk import Desk, HubDesk
from core.services.secrets import SecretService
from core.tools.hub.space import SPACE_NAME, HubSpace, SpaceEndpoint, endpoint_of, problems, tool_of
from core.tools.hub.space_executor import place_of
from core.tools.naming import Names

__all__ = ["HubSpace", "SpaceEndpoint", "SpaceLook", "SpaceTools"]


class SpaceLook(msgspec.Struct, frozen=True):
    """What an app offered when it was asked; `written` says where it is."""

    written: HubSpace
    endpoints: tuple[SpaceEndpoint, ...]


class SpaceTools(HubDesk[HubSpace]):
    """An app is asked what it offers only when a person wants to know, and before a call."""

    def __init__(self, desk: Desk, outbound: Outbound, secrets: SecretService) -> None:
        super().__init__(desk, HubSpace())
        self._client, self._secrets = SpaceClient(outbound), secrets

    def problems(self, written: HubSpace) -> tuple[Problem, ...]:
        return problems(written)

    def tool(self, written: HubSpace) -> ToolSpec:
        return tool_of(written)

    def look(self, written: HubSpace) -> Result[SpaceLook]:
        """Ask an app what it offers, by the name of its Space or its address; nothing is kept."""
        if not written.address and not SPACE_NAME.fullmatch(written.space):
            return Err(
                "invalid", "A Space is named like owner/name; another app has an address with https://.", "space"
            )
        try:
            return Ok(asyncio.run(self._look(written, self._key_of(written))))
        except FaultError as error:
            return Err("unavailable", error.fault.message, "space")
        except OutcomeUnknown as error:
            return Err("unavailable", str(error), "space")

    def choose(self, look: SpaceLook, endpoint: SpaceEndpoint) -> HubSpace:
        """What a form holds when an endpoint was chosen."""
        short = look.written.space.rpartition("/")[2]
        name = Names().take(f"{short}_{endpoint.name.strip('/')}".strip("_").lower())
        says = endpoint.says or f"Calls {endpoint.name} of {look.written.space or look.written.address}."
        return msgspec.structs.replace(look.written, name=name, description=says, endpoint=endpoint)

    def drift(self, written: HubSpace) -> Result[HubSpace | None]:
        """The same tool with its endpoint as the app describes it now; None: as it was taken in."""
        look = self.look(written)
        if isinstance(look, Err):
            return look
        before = written.endpoint
        now = next((one for one in look.value.endpoints if before and one.name == before.name), None)
        if now is None:
            return Err("not_found", f"The Space has no endpoint {before.name if before else ''} any more.", "space")
        return Ok(None if now == before else _with_endpoint(look.value.written, now))

    def _key_of(self, written: HubSpace) -> str:
        return (self._secrets.value(written.secret) or "") if written.secret else ""

    async def _look(self, written: HubSpace, key: str) -> SpaceLook:
        address = written.address or await self._client.address_of(written.space, key)
        place: SpacePlace = place_of(msgspec.structs.replace(written, address=address), key)
        described = await self._client.describe(place)
        there = msgspec.structs.replace(written, address=address, prefix=described.prefix)
        endpoints = tuple(endpoint_of(name, one) for name, one in described.endpoints.items())
        return SpaceLook(there, endpoints)


def _with_endpoint(written: HubSpace, endpoint: SpaceEndpoint) -> HubSpace:
    """What the person set stays where the endpoint still has it."""
    known = {one.name for one in endpoint.inputs}
    return msgspec.structs.replace(
        written,
        endpoint=endpoint,
        fixed={name: value for name, value in written.fixed.items() if name in known},
        offered=tuple(name for name in written.offered if name in known),
    )
