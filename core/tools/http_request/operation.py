"""What a tool keeps of its request: enough to build it, nothing of where it was described."""

from typing import Literal

import msgspec

Place = Literal["path", "query", "header"]
Style = Literal["form", "simple", "spaceDelimited", "pipeDelimited", "deepObject", "json"]
CredentialPlace = Literal["header", "query", "cookie"]


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """One argument that goes into the request outside the body, under the name the server knows."""

    argument: str
    name: str
    place: Place
    style: Style
    explode: bool = False


class Credential(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A secret that goes along with every request, by its name; only the server is told the value."""

    secret: str
    place: CredentialPlace = "header"
    name: str = "authorization"
    prefix: str = ""
    """Stands before the value, such as `Bearer ` with its space."""
    is_base64: bool = False
    """The value is encoded first: `user:password` of the Basic scheme (RFC 7617)."""


class Operation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `definition` of a tool of the kind `openapi`. Fields that it does not know are left alone."""

    method: str
    url: str
    """The server's address and the path, with {name} where path inputs go."""
    inputs: tuple[Input, ...] = ()
    body: str = ""
    """Name of the argument that is the JSON body; empty: there is none."""
    media_type: str = "application/json"
    credentials: tuple[Credential, ...] = ()
    idempotency_header: str = ""
    """Carries the call's key, where the document declares such a header."""
    allow: tuple[str, ...] = ()
    """Hosts that the operator lets this tool reach wherever they lead: "host" or "host:port"."""
    operation: str = ""
    """For people: the method and path as the document has them."""
    operation_id: str = ""
    notes: tuple[str, ...] = ()
    """What of the operation is not done, such as an optional cookie that is never sent."""
