"""What a tool keeps of its request: enough to build it, nothing of where it was described."""

from typing import Final, Literal

import msgspec

from core.domain.canonical import Json

Place = Literal["path", "query", "header", "cookie"]
Style = Literal["form", "simple", "label", "matrix", "spaceDelimited", "pipeDelimited", "deepObject", "json"]
CredentialPlace = Literal["header", "query", "cookie"]
CALL_KEY: Final = "call_key"
"""{call_key} stands for what names a call, on every attempt the same; the model is not asked for it."""


class Input(msgspec.Struct, frozen=True, omit_defaults=True):
    """One argument that goes into the request outside the body, under the name the server knows."""

    argument: str
    name: str
    place: Place
    style: Style
    explode: bool = False


class Text(msgspec.Struct, frozen=True):
    """A query parameter or header that the tool's author wrote; {name} in it stands for an argument."""

    name: str
    place: Literal["query", "header"]
    text: str


class Field(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A field of a form whose value is not written as usual: a list as its field several times, an object as JSON."""

    name: str
    style: Style | None = None
    """None: as usual."""
    explode: bool = True
    is_file: bool = False
    media_type: str = ""
    """Of a field with parts of its own; empty: what its value says."""


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
    """The `definition` of a tool of the kind `openapi`; tools of the kind `http` are made into one at each call."""

    method: str
    url: str
    """The server's address and the path, with {name} where path inputs go."""
    inputs: tuple[Input, ...] = ()
    texts: tuple[Text, ...] = ()
    body: str = ""
    """Name of the argument that is the body."""
    template: Json = None
    """The body where no single argument is: a value with {name} in its texts. None: there is no body."""
    media_type: str = "application/json"
    fields: tuple[Field, ...] = ()
    """Of a form."""
    credentials: tuple[Credential, ...] = ()
    idempotency_header: str = ""
    """Carries the call's key, where the server knows such a header."""
    select: str = ""
    """JMESPath of the part of a JSON answer that is the result; empty: all of it."""
    max_bytes: int = 5_000_000
    """Of the answer; the rest is not read."""
    allow: tuple[str, ...] = ()
    """Hosts that the operator lets this tool reach wherever they lead: "host" or "host:port"."""
    operation: str = ""
    """For people: the method and path as the document has them."""
    operation_id: str = ""
    notes: tuple[str, ...] = ()
    """What of the operation is not done, such as an optional cookie that is never sent."""
