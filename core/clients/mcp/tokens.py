"""Where sign-ins are kept. Without the SDK, so that whoever has none needs not import it."""

from typing import Protocol

import msgspec

from core.domain.sign_in import KeptSignIn, sign_in_secret
from core.domain.tool_source import McpServer


class TokenVault(Protocol):
    """Keeps texts encrypted, by name. Called on threads."""

    def load(self, name: str) -> str | None: ...

    def save(self, name: str, text: str) -> None: ...


class NoVault:
    """Nobody is signed in anywhere, and nobody can be."""

    def load(self, _name: str) -> str | None:
        return None

    def save(self, _name: str, _text: str) -> None:
        """There is nowhere to keep it."""


NO_VAULT = NoVault()


def kept(vault: TokenVault, server: McpServer) -> KeptSignIn:
    """What is kept of a server's sign-in; nothing: an empty one."""
    text = vault.load(sign_in_secret(server))
    return msgspec.json.decode(text, type=KeptSignIn) if text else KeptSignIn()


def keep(vault: TokenVault, server: McpServer, sign_in: KeptSignIn) -> None:
    vault.save(sign_in_secret(server), msgspec.json.encode(sign_in).decode())
