"""Which addresses are public: both ends of each network that is not, and their neighbours that are."""

from ipaddress import IPv6Address, ip_address

import pytest
from webhooks.sending.addresses import is_loopback, is_public, parse_address

from tests.support.hostile_targets import NOT_PUBLIC_ADDRESSES, PUBLIC_ADDRESSES


@pytest.mark.parametrize("text", NOT_PUBLIC_ADDRESSES)
def test_special_address_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC_ADDRESSES)
def test_address_of_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize("text", [text for text in PUBLIC_ADDRESSES if ":" not in text])
def test_public_ipv4_inside_of_ipv6_is_not_public(text: str) -> None:
    for prefix in ("::", "::ffff:", "::ffff:0:", "64:ff9b::", "64:ff9b:1::"):
        assert not is_public(ip_address(prefix + text))


def test_scoped_address_is_not_public() -> None:
    assert not is_public(IPv6Address("2606:4700::1111%eth0"))


@pytest.mark.parametrize("text", ["127.0.0.1", "127.255.255.254", "::1"])
def test_own_addresses_are_loopback(text: str) -> None:
    assert is_loopback(ip_address(text))


@pytest.mark.parametrize("text", ["0.0.0.0", "::", "10.0.0.1", "::ffff:127.0.0.1", "::127.0.0.1", "::1%lo", "8.8.8.8"])
def test_other_addresses_are_not_loopback(text: str) -> None:
    assert not is_loopback(ip_address(text))


@pytest.mark.parametrize(
    "text",
    ["", "1", "127.1", "1.2.3.4.5", "01.2.3.4", "0x1.2.3.4", "fe80::1%1", "[::1]", "\uff11.1.1.1", "example.com"],
)
def test_unusual_spelling_is_no_address(text: str) -> None:
    assert parse_address(text) is None
