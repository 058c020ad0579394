"""Being signed in to an MCP server that wants to know who asks."""

import re
from datetime import datetime
from hashlib import sha256
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from core.domain.canonical import Json
from core.domain.tool_source import McpServer

SignInStatus = Literal["needed", "signed_in", "expired"]


class KeptSignIn(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of a sign-in, encrypted: tokens, who we are to the server, and where tokens are renewed."""

    tokens: dict[str, Json] = {}
    expires_at_s: float | None = None
    """Seconds since 1970 after which the access token is not sent any more."""
    client: dict[str, Json] = {}
    issuer: dict[str, Json] = {}
    """The metadata of the server that gave the tokens."""
    resource: dict[str, Json] = {}
    is_refused: bool = False
    """The server does not take the tokens any more, and they could not be renewed."""
    who: str = ""


class McpSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands, without anything secret. `who` signed in; `scope` is what the server granted."""

    status: SignInStatus
    scope: str = ""
    who: str = ""
    until: datetime | None = None
    """When the access token ends; it is renewed by itself where the server gave the means."""
    is_renewed: bool = False


def sign_in_secret(server: McpServer) -> str:
    """The name under which a server's sign-in is kept: one for each address, for everybody who uses this workspace."""
    host = re.sub(r"[^A-Za-z0-9.-]", "-", urlsplit(server.url).hostname or "server")[:60]
    return f"MCP_SIGN_IN.{host}.{sha256(server.url.encode()).hexdigest()[:12]}"
