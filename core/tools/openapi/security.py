"""What a document says about who may call: its security schemes as secrets by name."""

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from core.domain.canonical import Json
from core.tools.http_request.operation import Credential
from core.tools.openapi.schemas import followed, words

_PLACE = re.compile(r"[a-z0-9.-]{1,50}(:\d{1,5})?")


class Security:
    """Maps security requirements to credentials. `chosen`: the secret that a person names for a scheme."""

    def __init__(self, document: dict[str, Json], chosen: Mapping[str, str]) -> None:
        self._document, self._chosen = document, chosen
        components = followed(document, document.get("components"))
        self._schemes = followed(document, components.get("securitySchemes"))

    def unknown(self) -> list[str]:
        """Schemes that a person names and the document does not have."""
        return sorted(self._chosen.keys() - self._schemes.keys())

    def credentials(self, operation: dict[str, Json], url: str) -> tuple[tuple[Credential, ...], tuple[str, ...]]:
        """What goes along with an operation's requests, and what a person has to know about it.

        Of several ways to say who calls, the one for which a person named secrets is taken, else the first that
        can be gone; none where it may be called without.
        """
        ways = sorted(self._ways(operation), key=lambda way: -len(self._chosen.keys() & set(way)))
        if not ways or (() in ways and not self._chosen.keys() & set(ways[0])):
            return (), ()
        for way in ways:
            made = [self._credential(scheme, url) for scheme in way]
            if all(made):
                return tuple(credential for credential in made if credential), self._advice(way)
        wanted = " or ".join(" and ".join(way) for way in ways)
        return (), (f"The server wants to know who calls ({wanted}), in a way that is not possible here.",)

    def _ways(self, operation: dict[str, Json]) -> list[tuple[str, ...]]:
        """Schemes that are asked for together; an empty way: nobody has to say who calls."""
        given = operation.get("security", self._document.get("security"))
        return [tuple(way) for way in given if isinstance(way, dict)] if isinstance(given, list) else []

    def _credential(self, scheme: str, url: str) -> Credential | None:
        described = followed(self._document, self._schemes.get(scheme))
        secret = self._chosen.get(scheme) or secret_name(url, scheme)
        name, place = words(described.get("name")), words(described.get("in"))
        match words(described.get("type")), words(described.get("scheme")).lower():
            case ("apiKey", _) if name and place in ("header", "query", "cookie"):
                return Credential(secret=secret, place=place, name=name)  # type: ignore[arg-type]
            case "http", "basic":
                return Credential(secret=secret, prefix="Basic ", is_base64=True)
            case ("http", "bearer") | ("oauth2" | "openIdConnect", _):
                return Credential(secret=secret, prefix="Bearer ")
            case _:
                return None

    def _advice(self, way: tuple[str, ...]) -> tuple[str, ...]:
        kinds = {words(followed(self._document, self._schemes.get(scheme)).get("type")) for scheme in way}
        if kinds & {"oauth2", "openIdConnect"}:
            return ("Its secret is an access token, which has to be renewed by hand.",)
        return ()


def secret_name(url: str, scheme: str) -> str:
    """The secret for a scheme of a server: `api.example.com.key`.

    The server stands in the name, and whatever is not https on its usual port: no document gets at the secret of
    another one's server, or has it sent in the clear.
    """
    parts = urlsplit(url)
    place = parts.netloc.lower() if parts.scheme == "https" or ":" in parts.netloc else f"{parts.netloc.lower()}:80"
    if not _PLACE.fullmatch(place):
        place = hashlib.sha256(place.encode()).hexdigest()[:32]
    return f"{place.replace(':', '_')}.{re.sub('[^A-Za-z0-9_-]', '_', scheme)[:40]}"
