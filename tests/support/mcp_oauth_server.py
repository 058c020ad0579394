"""A real MCP server over HTTP that lets only those in who signed in at it, made with the SDK. Run as a script.

    python tests/support/mcp_oauth_server.py FOLDER SECONDS

Its first line of output is its port. An access token lasts SECONDS. FOLDER/log holds a line for everything that was
given; while FOLDER/locked is there, no token is good, nor any renewal.
"""

import secrets
import socket
import sys
import time
from pathlib import Path

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken, AuthorizationCode, RefreshToken, construct_redirect_uri
from mcp.server.auth.settings import AuthSettings, ClientRegistrationOptions
from mcp.shared.auth import OAuthToken
from starlette.requests import Request
from starlette.responses import HTMLResponse

FOLDER, SECONDS = Path(sys.argv[1]), int(sys.argv[2])


def note(line: str) -> None:
    with (FOLDER / "log").open("a") as log:
        log.write(f"{line}\n")


def is_locked() -> bool:
    return (FOLDER / "locked").exists()


class Door:
    """Knows its clients and what it gave them, in memory."""

    def __init__(self) -> None:
        self.clients, self.asked, self.codes, self.access, self.refresh = {}, {}, {}, {}, {}

    async def get_client(self, client_id):
        return self.clients.get(client_id)

    async def register_client(self, client_info):
        note(f"registered {client_info.client_name}")
        self.clients[client_info.client_id] = client_info

    async def authorize(self, client, params):
        ticket = secrets.token_urlsafe(8)
        self.asked[ticket] = (client, params)
        return f"{BASE}/consent?ticket={ticket}"

    def consent(self, ticket, *, is_yes):
        client, params = self.asked.pop(ticket)
        if not is_yes:
            return construct_redirect_uri(str(params.redirect_uri), error="access_denied", state=params.state)
        code = AuthorizationCode(
            code=secrets.token_urlsafe(32),
            scopes=params.scopes or ["tools"],
            expires_at=time.time() + 60,
            client_id=client.client_id,
            code_challenge=params.code_challenge,
            redirect_uri=params.redirect_uri,
            redirect_uri_provided_explicitly=params.redirect_uri_provided_explicitly,
            resource=params.resource,
        )
        self.codes[code.code] = code
        return construct_redirect_uri(str(params.redirect_uri), code=code.code, state=params.state)

    async def load_authorization_code(self, client, authorization_code):
        return self.codes.get(authorization_code)

    async def exchange_authorization_code(self, client, authorization_code):
        del self.codes[authorization_code.code]
        note("signed in")
        return self._given(client.client_id, authorization_code.scopes)

    async def load_refresh_token(self, client, refresh_token):
        return None if is_locked() else self.refresh.get(refresh_token)

    async def exchange_refresh_token(self, client, refresh_token, scopes):
        del self.refresh[refresh_token.token]
        note("renewed")
        return self._given(client.client_id, refresh_token.scopes)

    async def load_access_token(self, token):
        found = self.access.get(token)
        return found if found and found.expires_at > time.time() and not is_locked() else None

    async def revoke_token(self, token):
        self.access.pop(token.token, None)

    def _given(self, client_id, scopes):
        access, refresh = f"access-{secrets.token_hex(8)}", f"refresh-{secrets.token_hex(8)}"
        until = int(time.time()) + SECONDS
        self.access[access] = AccessToken(token=access, client_id=client_id, scopes=scopes, expires_at=until)
        self.refresh[refresh] = RefreshToken(token=refresh, client_id=client_id, scopes=scopes)
        return OAuthToken(access_token=access, refresh_token=refresh, expires_in=SECONDS, scope=" ".join(scopes))


listener = socket.create_server(("127.0.0.1", 0))
BASE = f"http://127.0.0.1:{listener.getsockname()[1]}"
door = Door()
server = MCPServer(
    "guarded",
    version="1",
    auth_server_provider=door,
    auth=AuthSettings(
        issuer_url=BASE,
        resource_server_url=f"{BASE}/mcp",
        required_scopes=["tools"],
        validate_token_resource=False,
        client_registration_options=ClientRegistrationOptions(
            enabled=True, valid_scopes=["tools"], default_scopes=["tools"]
        ),
    ),
)


@server.custom_route("/consent", methods=["GET"])
async def consent(request: Request) -> HTMLResponse:
    """What the person sees: two links back to the client."""
    ticket = request.query_params["ticket"]
    if "say" in request.query_params:
        where = door.consent(ticket, is_yes=request.query_params["say"] == "yes")
        return HTMLResponse(status_code=302, headers={"location": where})
    links = "".join(f"<a href='/consent?ticket={ticket}&say={say}'>{say}</a> " for say in ("yes", "no"))
    return HTMLResponse(f"<h1>Let it in?</h1>{links}")


@server.tool()
def secret_of_the_house() -> str:
    """What only those inside know."""
    return "The cat sleeps on the keyboard."


if __name__ == "__main__":
    sys.stdout.write(f"{BASE}\n")
    sys.stdout.flush()
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])
