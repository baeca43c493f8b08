"""Clients in groups."""

from __future__ import annotations

from httpapi.client_groups import group_of


def test_an_address_of_ipv4_is_a_client_and_a_network_of_ipv6_is_one() -> None:
    def same(first: str, second: str) -> bool:
        # Two clients share a group of one count by chance, hardly ones of three.
        return all(group_of(first, counted) == group_of(second, counted) for counted in ("a", "b", "c"))

    assert same("203.0.113.9", "203.0.113.9")
    assert not same("203.0.113.9", "203.0.113.10")
    assert same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")
    assert not same("2001:db8:1:2::1", "2001:db8:1:3::1")
    assert same("2001:db8:1:2::1", "2001:0DB8:0001:0002::9")
    assert same("::ffff:203.0.113.9", "203.0.113.9")


def test_what_is_no_address_is_one_client() -> None:
    assert group_of(None, "a") == group_of(None, "a")
    assert group_of("test-invoke-source-ip", "a") == group_of("test-invoke-source-ip", "a")


def test_group_tells_little_of_an_address_and_is_another_one_next_time() -> None:
    counted = [f"line#{minute}" for minute in range(50)]
    groups = [group_of("203.0.113.9", each) for each in counted]
    assert len(set(groups)) > 40
    assert all(len(group) == 4 and int(group, 16) < 65_536 for group in groups)


def test_clients_spread_over_the_groups() -> None:
    groups = {group_of(f"198.51.{number // 256}.{number % 256}", "line#1") for number in range(3_000)}
    assert len(groups) > 2_850
