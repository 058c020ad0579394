"""Which network addresses a tool may reach: public ones, and what the operator allows by name.

The table is our own: `ipaddress.is_global` differs between Python releases and knows nothing of the
addresses at which clouds hand out credentials. Source: the IANA special-purpose address registries.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

_REFUSED_V4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "private to a carrier",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's own service",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "reserved for documentation",
    "192.88.99.0/24": "reserved",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "reserved for benchmarks",
    "198.51.100.0/24": "reserved for documentation",
    "203.0.113.0/24": "reserved for documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_REFUSED_V6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "fc00::/7": "private",
    "ff00::/8": "multicast",
    "2001::/23": "reserved",
    "2001:db8::/32": "reserved for documentation",
    "2002::/16": "a 6to4 tunnel",
    "3fff::/20": "reserved for documentation",
}
_REFUSED = [(ip_network(net), word) for net, word in {**_REFUSED_V4, **_REFUSED_V6}.items()]
_PUBLIC_V6 = ip_network("2000::/3")
_MAPPED = ip_network("::ffff:0:0/96")
_NAT64 = ip_network("64:ff9b::/96")


def refusal(address: Address) -> str:
    """In a word, why an address is not for tools; empty when it is public."""
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address))  # without its scope, which hides it from the networks below
        if address in _MAPPED or address in _NAT64:
            return refusal(IPv4Address(int(address) & 0xFFFF_FFFF))
    for network, word in _REFUSED:
        if address.version == network.version and address in network:
            return word
    return "reserved" if address.version == 6 and address not in _PUBLIC_V6 else ""


@dataclass(frozen=True, slots=True)
class AllowedHost:
    """A host that tools may reach wherever its name leads. `port` None: every port."""

    host: str
    port: int | None = None

    def covers(self, host: str, port: int) -> bool:
        return self.host == canonical_host(host) and self.port in (None, port)


def allowed_host(text: str) -> AllowedHost:
    """Read "host" or "host:port"; an IPv6 address with a port stands in brackets.

    Raises `ValueError`, naming the text, when it is neither.
    """
    host, port = text.strip(), ""
    if not _is_address(host):
        head, colon, tail = host.rpartition(":")
        host, port = (head, tail) if colon and not tail.endswith("]") else (host, "")
    if not host or set(host) & set("/?#@ ") or (port and not (port.isdigit() and 0 < int(port) <= 65_535)):
        raise ValueError(f"{text!r} is not a host or host:port.")
    return AllowedHost(canonical_host(host), int(port) if port else None)


def canonical_host(host: str) -> str:
    """One spelling for a host: lower case, no dot at the end, addresses in their short form without brackets."""
    bare = host.removeprefix("[").removesuffix("]").rstrip(".").lower()
    return str(ip_address(bare)) if _is_address(bare) else bare


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
