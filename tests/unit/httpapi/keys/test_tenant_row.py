"""What a change of keys does to a tenant's figures, and the conditions it is bound to."""

from __future__ import annotations

from dataclasses import replace

from httpapi.keys.model import Key, KeySpec
from httpapi.keys.scopes import ALL_SCOPES, Scope
from httpapi.keys.tenant_row import FiguresDelta, new_tenant_row, tenant_key
from hypothesis import given
from hypothesis import strategies as st

# What the limits of a tenant's keys may add up to, a minute.
BOUND = 15_000

specs = st.builds(
    KeySpec,
    st.just("a key"),
    st.sampled_from([ALL_SCOPES, (Scope.ITEMS_READ,)]),
    st.none() | st.just(("src_1",)),
    st.integers(1, 6_000),
    st.none() | st.integers(1, 9),
)
ends = st.none() | st.integers(1, 9)
keys = st.builds(
    Key,
    st.just("k"),
    st.just("ten_1"),
    specs,
    st.just("h"),
    st.just(1),
    revoked_at=ends,
    disabled_at=ends,
    share=st.integers(0, 6_000),
)


@given(st.lists(st.none() | keys, min_size=1, max_size=5))
def test_what_a_key_brings_it_takes_out_by_whatever_steps_it_goes(stages: list[Key | None]) -> None:
    steps = [FiguresDelta.between(*step) for step in zip([None, *stages], [*stages, None], strict=True)]
    assert sum(steps, FiguresDelta()) == FiguresDelta()


def test_key_counts_as_an_admin_until_something_ends_it_and_for_its_share() -> None:
    admin = Key("k", "ten_1", KeySpec("a", ALL_SCOPES), "h", 1, share=120)
    assert FiguresDelta.between(None, admin) == FiguresDelta(1, 120)
    for ended in ({"revoked_at": 5}, {"disabled_at": 5}):
        assert FiguresDelta.between(admin, replace(admin, **ended)) == FiguresDelta(-1, 0)
    assert FiguresDelta.between(admin, replace(admin, share=0)) == FiguresDelta(0, -120)


@given(st.lists(st.builds(FiguresDelta, st.integers(-2, 2), st.integers(-99, 99)), max_size=4))
def test_deltas_add_up_in_any_order(deltas: list[FiguresDelta]) -> None:
    total, turned = FiguresDelta(), FiguresDelta()
    for one, other in zip(deltas, reversed(deltas), strict=True):
        total, turned = total + one, turned + other
    assert total == turned == FiguresDelta(sum(each.admins for each in deltas), sum(each.limit for each in deltas))


def holds(delta: FiguresDelta, admins: int, limit: int, *, bounded: bool = True) -> bool:
    """Whether DynamoDB would carry the change out on a row with these figures."""
    action = delta.action("Keys", "ten_1", bound=BOUND if bounded else None)
    values = {name: int(value["N"]) for name, value in action["ExpressionAttributeValues"].items()}
    conditions = action["ConditionExpression"].split(" AND ")
    row = {"adminKeys": admins, "rateLimitSum": limit}
    assert conditions.pop(0) == "attribute_exists(keyId)"
    for condition in conditions:
        name, comparison, value = condition.split()
        if not {">": row[name] > values[value], "<=": row[name] <= values[value]}[comparison]:
            return False
    return True


@given(st.integers(-2, 2), st.integers(-6_000, 6_000), st.integers(0, 4), st.integers(0, BOUND))
def test_change_is_made_unless_it_breaks_a_rule(admins: int, limit: int, has: int, total: int) -> None:
    delta = FiguresDelta(admins, limit)
    leaves_an_admin = admins >= 0 or has + admins > 0
    within = limit <= 0 or total + limit <= BOUND
    assert holds(delta, has, total) is (leaves_an_admin and within)
    assert holds(delta, has, total, bounded=False) is leaves_an_admin


def test_limit_of_a_tenant_may_be_filled_to_the_last_request() -> None:
    assert holds(FiguresDelta(0, 1), 1, BOUND - 1)
    assert not holds(FiguresDelta(0, 1), 1, BOUND)
    # A tenant that is over it for some reason can still let go of keys.
    assert holds(FiguresDelta(0, -1), 1, BOUND + 9)


def test_new_tenant_has_no_keys_and_no_place_in_the_index_of_keys() -> None:
    row = new_tenant_row("ten_1", "Acme", 5)
    assert (row["adminKeys"], row["rateLimitSum"]) == ({"N": "0"}, {"N": "0"})
    assert row["keyId"] == tenant_key("ten_1")["keyId"]
    assert "tenantId" not in row


def test_no_key_comes_to_a_suspended_tenant_and_any_may_go() -> None:
    def condition(*, brings_key: bool) -> str:
        action = FiguresDelta(0, 0).action("Keys", "ten_1", bound=BOUND, brings_key=brings_key)
        return str(action["ConditionExpression"])

    assert condition(brings_key=True) == "attribute_exists(keyId) AND attribute_not_exists(suspendedAt)"
    assert condition(brings_key=False) == "attribute_exists(keyId)"
