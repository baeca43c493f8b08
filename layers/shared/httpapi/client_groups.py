"""Clients in groups, so that they can be counted without their addresses being kept. Pure.

A client is one address of IPv4, or a network of 64 bits of IPv6, which a household or an office has whole. It falls
into one of 65 536 groups, by a hash of it and of what is counted. Each group stands for tens of thousands of addresses,
so it tells of nobody; and what is counted next has other groups, so nobody is followed from one to the next.
"""

from __future__ import annotations

import hashlib

_IPV6_NETWORK_BITS = 64


def group_of(address: str | None, counted: str) -> str:
    """Name the group of a client's address among those of what is `counted`, as four digits of base 16."""
    client = "" if address is None else _client(address)
    return hashlib.sha256(f"client\0{counted}\0{client}".encode()).hexdigest()[:4]


def _client(address: str) -> str:
    # Imported here, because only keys for web pages have their clients counted.
    from ipaddress import IPv6Address, ip_address, ip_network

    try:
        found = ip_address(address)
    except ValueError:
        return address
    if isinstance(found, IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ip_network((int(found), _IPV6_NETWORK_BITS), strict=False))
    return str(found)
