"""Which role each address of this server needs. What is in no line is read by whoever is signed in, and by nobody else.

A route that judges its callers itself by a link that nobody can guess needs `none` here; routes that ask for an API key
are given to the gate.
"""

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

from core.domain.person import Role

Need = Role | Literal["none", "closed"]
_READ: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Way(NamedTuple):
    """`path` ends in `*` where anything may follow. Without `methods`: those that only read, and WebSockets."""

    path: str
    need: Need
    methods: Collection[str] = _READ | {"WEBSOCKET"}

    def leads(self, path: str, method: str) -> bool:
        fits = path.startswith(self.path[:-1]) if self.path.endswith("*") else path == self.path
        return fits and method in self.methods


WAYS: Final = (
    Way("/healthz", "none"),
    Way("/_stcore/health", "none"),
    Way("/login", "none", {"GET", "HEAD", "POST"}),
    Way("/share/*", "none", {"GET", "HEAD"}),
    Way("/account", "viewer", {"GET", "HEAD", "POST"}),
    Way("/api/runs/*", "viewer"),
    Way("/api/attachments/*", "viewer"),
    Way("/api/find", "viewer"),
    Way("/api/backups/*", "operator"),
    Way("/metrics", "operator"),
    Way("/assets/*", "viewer"),
    Way("/media/*", "viewer"),
    Way("/component/*", "viewer"),
    Way("/_stcore/bidi-components/*", "viewer"),
    Way("/_stcore/host-config", "viewer"),
    Way("/_stcore/stream", "viewer"),
    Way("/_stcore/upload_file/*", "builder", {"PUT", "DELETE", "OPTIONS"}),
    Way("/_stcore/metrics", "operator"),
    Way("/_stcore/agent/*", "closed", {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}),
    Way("/oauth/mcp", "operator"),
    Way("/auth/*", "closed"),
    Way("/oauth2callback", "closed"),
)


def decided(path: str, method: str) -> Need | None:
    """What the first line that leads there says; None: no line does."""
    return next((way.need for way in WAYS if way.leads(path, method)), None)


def need(path: str, method: str) -> Need:
    """`method` is WEBSOCKET for a socket. Screens are at any address, so reading what is in no line is for viewers."""
    return decided(path, method) or ("viewer" if method in _READ else "closed")
