"""A guard: no test reaches a machine other than this one."""

import ipaddress
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_HERE = {"", "localhost", "localhost."}


class NetworkReachedError(AssertionError):
    """A test tried to reach the address in the message. No client may take this for a failed connection."""


@contextmanager
def only_loopback() -> Iterator[None]:
    """Refuse to connect, to send a datagram or to look up a name beyond this machine."""
    kept = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex", "sendto")}
    look_up = socket.getaddrinfo
    for name, method in kept.items():
        setattr(socket.socket, name, _guarded(method))
    socket.getaddrinfo = _guarded_look_up(look_up)  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, method in kept.items():
            setattr(socket.socket, name, method)


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if self.family != socket.AF_UNIX and not _is_here(str(address[0])):
            raise NetworkReachedError(f"A test tried to reach {address[0]}, port {address[1]}.")
        return method(self, *arguments)

    return guarded


def _guarded_look_up(look_up: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *arguments: Any, **options: Any) -> Any:
        name = host.decode() if isinstance(host, bytes) else host or ""
        if not _is_here(name) and _literal(name) is None:
            raise NetworkReachedError(f"A test tried to look up {name}.")
        return look_up(host, *arguments, **options)

    return guarded


def _is_here(host: str) -> bool:
    address = _literal(host)
    return host in _HERE or host.endswith(".localhost") or (address is not None and address.is_loopback)


def _literal(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.split("%", maxsplit=1)[0])
    except ValueError:
        return None
