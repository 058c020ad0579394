"""How a request to an MCP server can fail, told apart by whether the server may have acted."""

from core.errors import AryabhattaError, Fault, FaultError, FaultKind

# Codes of our own transport, outside the range that JSON-RPC keeps for itself.
NOT_SENT = -31001
LOST = -31002
ANSWERED = -31003
SESSION_GONE = -31004

_KINDS: dict[int, FaultKind] = {
    401: "auth",
    403: "auth",
    402: "payment_required",
    404: "not_found",
    429: "rate_limited",
}


class LostAnswerError(AryabhattaError):
    """The request went out and its answer will not come: the server may have acted or not."""

    def __init__(self, kind: FaultKind, message: str) -> None:
        super().__init__(message)
        self.fault = Fault(kind, message)


class SessionGoneError(FaultError):
    """The server does not know the session any more, so it did not act; another session has to be opened."""


def refused(message: str, kind: FaultKind = "connection") -> FaultError:
    """The server did not get the request, or said that it did not act on it."""
    return FaultError(Fault(kind, message))


def said_over_http(words: str) -> FaultError:
    """`HTTP 401 …`, what a server answers in place of a message, as the fault it is."""
    status = int(words.split()[1])
    return FaultError(Fault(_KINDS.get(status, "server_error" if status >= 500 else "bad_request"), words, status))
