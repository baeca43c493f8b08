"""What is told from a URL alone."""

from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webhooks.sending.addresses import is_public, parse_address
from webhooks.sending.targets import Target, TargetRefusedError, read_target

from tests.support.hostile_targets import HOSTILE_URLS, NOT_PUBLIC_ADDRESSES, PUBLIC_ADDRESSES

GOOD_URLS = {
    "https://example.com": Target("https", "example.com", 443, "/"),
    "HTTPS://Hooks.Example.COM./a/b?c=d&e": Target("https", "hooks.example.com", 443, "/a/b?c=d&e"),
    "https://example.com?q=1": Target("https", "example.com", 443, "/?q=1"),
    "https://example.com:8443//x/../y": Target("https", "example.com", 8443, "//x/../y"),
    "https://example.com:65535/": Target("https", "example.com", 65535, "/"),
    "https://example.com:1025/": Target("https", "example.com", 1025, "/"),
    "https://b\u00fccher.example.com/\u00fc?\u20ac": Target(
        "https", "xn--bcher-kva.example.com", 443, "/%C3%BC?%E2%82%AC"
    ),
    "https://\uff48\uff4f\uff4f\uff4b.example.com/": Target("https", "hook.example.com", 443, "/"),
    "https://my_hook.example.com/%2F%zz": Target("https", "my_hook.example.com", 443, "/%2F%zz"),
    "https://127.0.0.1.nip.example.com/": Target("https", "127.0.0.1.nip.example.com", 443, "/"),
    "https://8.8.8.8:443/": Target("https", "8.8.8.8", 443, "/"),
    "https://[2606:4700:0::1111]/": Target("https", "2606:4700::1111", 443, "/"),
    "https://example.com/user@host:80": Target("https", "example.com", 443, "/user@host:80"),
    "https://example.com/" + "a" * 2028: Target("https", "example.com", 443, "/" + "a" * 2028),
}

LOCAL_URLS = {
    "http://127.0.0.1:4000/hook": Target("http", "127.0.0.1", 4000, "/hook"),
    "http://localhost/": Target("http", "localhost", 80, "/"),
    "https://LOCALHOST:22": Target("https", "localhost", 22, "/"),
    "http://[::1]:9/": Target("http", "::1", 9, "/"),
}


@pytest.mark.parametrize(("url", "reason"), HOSTILE_URLS)
def test_hostile_url_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(TargetRefusedError) as refusal:
        read_target(url)
    assert reason in refusal.value.reason
    assert refusal.value.reason.endswith(".")


def test_every_hostile_url_is_another() -> None:
    assert len({url for url, _ in HOSTILE_URLS}) == len(HOSTILE_URLS) > 120


@pytest.mark.parametrize("url", GOOD_URLS)
def test_good_url_is_taken_apart(url: str) -> None:
    assert read_target(url) == GOOD_URLS[url]
    assert read_target(url, loopback=True) == GOOD_URLS[url]


@pytest.mark.parametrize("url", LOCAL_URLS)
def test_this_machine_is_a_target_of_a_local_stack_alone(url: str) -> None:
    assert read_target(url, loopback=True) == LOCAL_URLS[url]
    with pytest.raises(TargetRefusedError):
        read_target(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "http://example.com:8080/",
        "http://8.8.8.8/",
        "https://10.0.0.1/",
        "http://0.0.0.0/",
        "http://[::ffff:127.0.0.1]/",
        "https://[::127.0.0.1]/",
        "http://127.1/",
        "http://app.localhost/",
        "http://localhost:65536/",
        "http://localhost:0/",
        "http://user@localhost/",
        "ftp://localhost/",
        "https://example.com:80/",
    ],
)
def test_local_stack_allows_nothing_but_this_machine(url: str) -> None:
    with pytest.raises(TargetRefusedError):
        read_target(url, loopback=True)


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("https://example.com:443/", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("https://[2606:4700::1111]/", "[2606:4700::1111]"),
        ("http://localhost:443/", "localhost:443"),
        ("http://localhost:80/", "localhost"),
    ],
)
def test_host_header_has_the_port_where_it_is_not_the_usual(url: str, authority: str) -> None:
    assert read_target(url, loopback=True).authority == authority


def test_name_may_be_at_public_addresses_alone() -> None:
    target = read_target("https://example.com/", loopback=True)
    assert all(map(target.may_be_at, PUBLIC_ADDRESSES))
    assert not any(map(target.may_be_at, (*NOT_PUBLIC_ADDRESSES, "fe80::1%2", "2606:4700::1111%2", "", "example.com")))


def test_localhost_may_be_at_loopback_alone() -> None:
    target = read_target("http://localhost/", loopback=True)
    assert target.may_be_at("127.0.0.1")
    assert target.may_be_at("::1")
    assert not any(map(target.may_be_at, ("8.8.8.8", "10.0.0.1", "::ffff:127.0.0.1")))


_PIECES = (
    *("0x7f", "0177", "127", "1", "0", ".", "..", ":", "[", "]", "@", "/", "?", "%", "::", "ffff", "localhost", "a"),
    *("8443", "\uff11", "\u3002", "\u00df", "xn--", "_", "\u2488", "\u24d0", "65536", "2001:db8", "example", "\\"),
)


@given(host=st.one_of(st.text(max_size=40), st.lists(st.sampled_from(_PIECES), max_size=12).map("".join)))
def test_any_host_is_refused_or_safe_to_resolve(host: str) -> None:
    """A host that passes is a public address in its usual spelling, or a name that no resolver takes for a number."""
    try:
        target = read_target(f"https://{host}/")
    except TargetRefusedError:
        return
    address = parse_address(target.host)
    assert target.host.isascii()
    assert target.host == target.host.lower()
    if address is None:
        assert "." in target.host
        with pytest.raises(OSError, match="illegal IP address"):
            socket.inet_aton(target.host)
    else:
        assert is_public(address)
        assert str(address) == target.host
