"""Who can reach this server: only this machine, or others too."""

from ipaddress import ip_address
from urllib.parse import urlsplit

_LOCAL_NAMES = frozenset({"localhost"})


def is_loopback(host: str) -> bool:
    """Whether `host` (an address or a name, without port) means this machine and nothing else."""
    if host.lower() in _LOCAL_NAMES:
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


def host_of(header: str) -> str:
    """The host of a Host header, without its port."""
    return urlsplit(f"//{header}").hostname or ""


def same_origin(origin: str, host: str) -> bool:
    """Whether an Origin header belongs to the server that answers under `host`."""
    return urlsplit(origin).netloc.lower() == host.lower()
