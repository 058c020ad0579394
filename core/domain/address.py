"""The address of a model server: what may be typed, and what becomes of it."""

from urllib.parse import SplitResult, urlsplit

from core.domain.endpoint import EndpointKind

ROUTER_HOST = "router.huggingface.co"
_CHAT_PATH = "/chat/completions"
ROUTER_PATHS = frozenset({"", "/", "/v1", "/v1/", f"/v1{_CHAT_PATH}"})
"""Where the router itself is asked. Other paths at its host lead to one provider."""


def address_problem(text: str) -> str:
    """Why a text cannot be the address of a server, as a sentence; empty when it can."""
    if not text:
        return "Give the server's address, such as http://localhost:11434/v1."
    if not text.isprintable() or " " in text:
        return "The address contains a space or a character that cannot be seen."
    try:
        parts = urlsplit(text)
        has_port = parts.port is None or parts.port > 0
    except ValueError as error:
        return f"This is no address: {error}."
    return _problem(parts) if has_port else "The port has to be between 1 and 65535."


def origin(base_url: str) -> str:
    """Scheme, host and port: where a credential goes."""
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def host_name(base_url: str) -> str:
    """The host, with its port where one is written."""
    return urlsplit(base_url).netloc.rpartition("@")[2]


def final_url(base_url: str) -> str:
    """Where requests really go: `/chat/completions` behind `/v1`, or the address itself if it ends like that."""
    url = base_url.rstrip("/")
    if url.endswith(_CHAT_PATH):
        return url
    return f"{url}{_CHAT_PATH}" if url.endswith("/v1") else f"{url}/v1{_CHAT_PATH}"


def kind_at(base_url: str) -> EndpointKind:
    """The router is spoken to through `huggingface_hub` itself, every other host by the plain protocol."""
    return "huggingface" if urlsplit(base_url).hostname == ROUTER_HOST else "openai"


def _problem(parts: SplitResult) -> str:
    if parts.scheme not in {"http", "https"}:
        return "The address has to begin with http:// or https://."
    if not parts.hostname:
        return "The address names no host."
    if "@" in parts.netloc:
        return "The address contains a user name or a key. Keep the key as a secret and name the secret instead."
    if parts.query or parts.fragment:
        return "The address cannot have a part behind ? or #. Keep a key as a secret and name the secret instead."
    return ""
