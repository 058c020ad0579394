"""Secrets put into a request, right before it is sent."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import replace
from urllib.parse import quote, urlencode

from core.clients.outbound import OutboundRequest
from core.tools.http_request.operation import Credential


def with_credentials(
    request: OutboundRequest, credentials: tuple[Credential, ...], values: Mapping[str, str]
) -> OutboundRequest:
    """The request with every credential in its place; what stood there under the same name gives way."""
    headers, url = dict(request.headers), request.url
    for credential in credentials:
        text = _text(credential, values[credential.secret])
        match credential.place:
            case "header":
                headers = {name: value for name, value in headers.items() if name.lower() != credential.name.lower()}
                headers[credential.name] = text
            case "cookie":
                pair = f"{credential.name}={quote(text)}"
                headers["cookie"] = f"{headers['cookie']}; {pair}" if "cookie" in headers else pair
            case "query":
                url = f"{url}{'&' if '?' in url else '?'}{urlencode({credential.name: text}, quote_via=quote)}"
    return replace(request, headers=headers, url=url)


def hidden(credentials: tuple[Credential, ...], values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Each text that must not come back, with its secret's name."""
    for credential in credentials:
        value = values[credential.secret]
        yield credential.secret, value
        if credential.is_base64:
            yield credential.secret, value.partition(":")[2]


def in_words(credential: Credential) -> str:
    """Where a secret goes, for people."""
    shown = f"{credential.prefix}‹{credential.secret}›"
    encoded = " (encoded as user:password)" if credential.is_base64 else ""
    return f"{credential.place} {credential.name}: {shown}{encoded}"


def _text(credential: Credential, value: str) -> str:
    encoded = b64encode(value.encode("utf-8", "surrogatepass")).decode() if credential.is_base64 else value
    return credential.prefix + encoded
