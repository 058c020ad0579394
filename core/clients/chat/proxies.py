"""Which way a request leaves this machine."""

from ipaddress import ip_address
from urllib.request import getproxies, proxy_bypass

import httpx2


def proxy_for(url: httpx2.URL) -> str | None:
    """The proxy that the environment names for this address, or None.

    Addresses of this machine never go through one: HTTP_PROXY without NO_PROXY would catch the local model, and hand
    its key to the proxy.
    """
    if is_loopback(url.host) or proxy_bypass(f"{url.host}:{url.port}" if url.port else url.host):
        return None
    proxies = getproxies()
    return proxies.get(url.scheme) or proxies.get("all") or None


def is_loopback(host: str) -> bool:
    """Whether a host name can only mean this machine (RFC 6761 for `localhost`)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
