"""Signing in to MCP servers: begun on a screen, finished where the browser comes back to, kept encrypted."""

import threading
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from core.clients.mcp.tokens import kept
from core.domain.result import Err, Ok, Result
from core.domain.sign_in import McpSignIn, sign_in_secret
from core.domain.tool_source import McpServer
from core.errors import Fault, FaultError
from core.services.executor import Executor
from core.services.secrets import SecretService
from core.tools.toolbox import Toolbox

T = TypeVar("T")
_ANSWER_S = 60.0
_MOST_BEGUN = 1_000


class TokenSecrets:
    """A `TokenVault` among the secrets."""

    def __init__(self, secrets: SecretService) -> None:
        self._secrets = secrets

    def load(self, name: str) -> str | None:
        return self._secrets.value(name)

    def save(self, name: str, text: str) -> None:
        self._secrets.set(name, text, "")


class _Begun(NamedTuple):
    """Who began a sign-in, and the page that they go back to."""

    who: str
    back: str


class McpSignIns:
    """A sign-in lives in the process that began it, like the browser's way back to it; its tokens serve all of them."""

    def __init__(self, toolbox: Toolbox, executor: Executor, secrets: SecretService) -> None:
        self._toolbox, self._executor, self._secrets = toolbox, executor, secrets
        self._lock = threading.Lock()
        self._begun: dict[str, _Begun] = {}

    def status(self, server: McpServer) -> McpSignIn:
        """How it stands, from what is kept: the server is not asked."""
        try:
            found = kept(TokenSecrets(self._secrets), server)
        except FaultError:  # encrypted with another key
            return McpSignIn(status="needed")
        if not found.tokens:
            return McpSignIn(status="needed")
        until = None if found.expires_at_s is None else datetime.fromtimestamp(found.expires_at_s, UTC)
        is_renewed = "refresh_token" in found.tokens
        is_over = found.is_refused or (until is not None and until < datetime.now(UTC) and not is_renewed)
        return McpSignIn(
            status="expired" if is_over else "signed_in",
            scope=str(found.tokens.get("scope", "")),
            who=found.who,
            until=until,
            is_renewed=is_renewed,
        )

    def begin(self, server: McpServer, redirect_uri: str, back: str, who: str) -> Result[str]:
        """The address that the person opens; from there they come back to `redirect_uri`, and then to the page `back`."""
        if not self._executor.is_alive:
            return Err("unavailable", "This process executes nothing, so nobody can sign in through it.")
        try:
            url = self._asked(lambda: self._toolbox.begin_sign_in(server, redirect_uri, who))
        except FaultError as error:
            return Err("unavailable", error.fault.message)
        (state,) = parse_qs(urlsplit(url).query)["state"]
        with self._lock:
            self._begun[state] = _Begun(who, back)
            while len(self._begun) > _MOST_BEGUN:
                del self._begun[next(iter(self._begun))]
        return Ok(url)

    def finish(self, state: str, code: str, issuer: str | None, error: str, who: str) -> Result[str]:
        """The page to go back to. Only who began a sign-in finishes it."""
        with self._lock:
            begun = self._begun.get(state)
            if begun is None or begun.who != who:
                return Err("not_found", "This sign-in is not under way here any more. Begin it again.")
            del self._begun[state]
        try:
            self._asked(lambda: self._toolbox.finish_sign_in(state, code, issuer, error))
        except FaultError as fault:
            return Err("refused", fault.fault.message)
        return Ok(begun.back)

    def sign_out(self, server: McpServer, who: str) -> Result[None]:
        """Forget the tokens, and who we are to the server."""
        return self._secrets.delete(sign_in_secret(server), who)

    def _asked(self, question: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Raises `FaultError`."""
        try:
            return self._executor.ask(question, self._toolbox.hang_up, _ANSWER_S)
        except TimeoutError:
            raise FaultError(Fault("timeout", f"The server did not answer within {_ANSWER_S:g} seconds.")) from None
