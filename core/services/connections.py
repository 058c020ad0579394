"""Where an endpoint is right now, and which key goes there. The only place that turns a secret's name into its value."""

from typing import Protocol, assert_never

from core.clients.local import Serving
from core.domain.address import origin
from core.domain.endpoint import Endpoint
from core.errors import Fault, FaultError
from core.services.secrets import HUGGING_FACE_TOKEN, SecretService


class Demo(Protocol):
    def start(self) -> str: ...


class Local(Protocol):
    def names(self) -> tuple[str, ...]: ...

    def serving(self, name: str) -> Serving: ...

    def supports_tools(self, name: str) -> bool | None: ...


class Connections:
    """Asked right before a request, since servers of this machine have another address after every start."""

    def __init__(self, secrets: SecretService, demo: Demo, local: Local) -> None:
        self._secrets, self._demo, self._local = secrets, demo, local

    def stamp(self) -> object:
        """Changes when an address or a key that was given may not be right any more."""
        return self._secrets.stamp()

    def local_models(self) -> tuple[str, ...]:
        """The model files on this machine."""
        return self._local.names()

    def supports_tools(self, endpoint: Endpoint) -> bool | None:
        """Whether the endpoint's model can be given tools; None: only asking it would show. Starts nothing."""
        return self._local.supports_tools(endpoint.model) if endpoint.kind == "local" else None

    def address(self, endpoint: Endpoint) -> str:
        """The base URL; a server of this machine is started first. Raises `FaultError` when that fails."""
        match endpoint.kind:
            case "demo":
                return self._demo.start()
            case "local":
                return self._local.serving(endpoint.model).base_url
            case "huggingface" | "openai":
                return endpoint.base_url
            case _:
                assert_never(endpoint.kind)

    def key(self, endpoint: Endpoint) -> str | None:
        """The credential, or None where none is sent. Raises `FaultError` when its secret is missing."""
        if endpoint.kind == "local":
            return self._local.serving(endpoint.model).key
        if not endpoint.secret:
            return None
        value = self._secrets.value(endpoint.secret)
        if value is None:
            raise FaultError(Fault("auth", f"The secret {endpoint.secret} of {endpoint.name} is not set."))
        return value

    def credential(self, endpoint: Endpoint) -> str:
        """Which credential goes where, in a sentence without its value."""
        match endpoint.kind:
            case "demo":
                return "No key is sent: the demo model runs inside this app."
            case "local":
                return "A key made at its start; nothing leaves this machine."
            case "huggingface" | "openai":
                return self._remote_credential(endpoint)
            case _:
                assert_never(endpoint.kind)

    def _remote_credential(self, endpoint: Endpoint) -> str:
        place = origin(endpoint.base_url)
        if not endpoint.secret:
            return f"No key is sent to {place}."
        if endpoint.secret == HUGGING_FACE_TOKEN:
            return f"The Hugging Face token ({self._secrets.origin_of_token()}) goes to {place}."
        return f"The secret {endpoint.secret} goes to {place}."
