"""What a session may have of its key, and what ends those of a key."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from httpapi.errors import InsufficientScopeError
from httpapi.keys.model import Key, KeySpec, Session
from httpapi.keys.roles import ROLE_SCOPES, Role
from httpapi.keys.scopes import ALL_SCOPES, Scope
from httpapi.keys.sessions import (
    SessionWish,
    check_may_begin,
    narrowed,
    open_sessions,
    part_of,
    with_its_sessions,
)
from hypothesis import given
from hypothesis import strategies as st

NOW = 1_000_000
KEY = Key(
    "key",
    "ten_1",
    KeySpec("k", scopes=(Scope.ITEMS_READ, Scope.RUNS_READ), source_ids=("src_1", "src_2"), rate_limit_per_minute=60),
    "",
    0,
    sessions={"ended": NOW, "short": NOW + 1, "long": NOW + 1_000},
)
LINK = replace(KEY, session=Session("link", "Anna", Role.VIEWER, 0, 500))


def changed(**fields: Any) -> Key:
    return replace(KEY, spec=replace(KEY.spec, **fields))


@given(
    wished=st.none() | st.lists(st.sampled_from(ALL_SCOPES), min_size=1).map(tuple),
    role=st.none() | st.sampled_from(Role),
    sources=st.none() | st.lists(st.sampled_from(["src_1", "src_2", "src_3"]), min_size=1).map(tuple),
)
def test_part_is_never_more_than_the_key(wished: Any, role: Any, sources: Any) -> None:
    try:
        part = part_of(KEY, SessionWish(None, role, wished, sources))
    except InsufficientScopeError:
        beyond = set(wished or ()) - set(KEY.spec.scopes) or set(sources or ()) - {"src_1", "src_2"}
        assert beyond or not set(ROLE_SCOPES[role]) & set(KEY.spec.scopes)
        return
    assert part.scopes
    assert set(part.scopes) <= set(KEY.spec.scopes)
    assert set(part.source_ids or ()) <= {"src_1", "src_2"}
    assert part.source_ids


def test_part_is_as_the_key_where_nothing_is_wished() -> None:
    assert part_of(KEY, SessionWish()) == SessionWish("k", None, KEY.spec.scopes, KEY.spec.source_ids)


def test_part_of_a_link_lasts_no_longer_than_it_says_and_has_its_role() -> None:
    part = part_of(LINK, SessionWish(lasts_ms=1_000))
    assert (part.name, part.role, part.lasts_ms) == ("Anna", Role.VIEWER, 500)
    assert part_of(LINK, SessionWish(lasts_ms=100)).lasts_ms == 100


def test_session_begins_none_and_a_link_does() -> None:
    check_may_begin(KEY)
    check_may_begin(LINK)
    with pytest.raises(InsufficientScopeError):
        check_may_begin(replace(KEY, session=Session("s", "Anna", None, 0)))


@pytest.mark.parametrize(("expires_at", "ends"), [(None, NOW + 100), (NOW + 50, NOW + 50), (NOW + 200, NOW + 100)])
def test_part_ends_with_its_key_at_the_latest(expires_at: int | None, ends: int) -> None:
    assert narrowed(changed(expires_at=expires_at), SessionWish(), 100, NOW).expires_at == ends


def test_what_has_ended_is_not_open() -> None:
    assert open_sessions(KEY, NOW) == {"short": NOW + 1, "long": NOW + 1_000}


@pytest.mark.parametrize(
    "after",
    [
        replace(KEY, revoked_at=NOW),
        replace(KEY, disabled_at=NOW),
        changed(scopes=(Scope.ITEMS_READ,)),
        changed(scopes=(Scope.ITEMS_READ, Scope.RUNS_APPLY)),
        changed(source_ids=("src_1",)),
        changed(rate_limit_per_minute=59),
        changed(requests_per_day=1),
        changed(answers_per_day=1),
    ],
)
def test_key_that_loses_anything_keeps_none(after: Key) -> None:
    assert with_its_sessions(KEY, after, NOW).sessions == {}


@pytest.mark.parametrize(
    "after",
    [
        changed(name="other"),
        changed(scopes=(*KEY.spec.scopes, Scope.RUNS_APPLY)),
        changed(source_ids=None),
        changed(rate_limit_per_minute=61),
    ],
)
def test_key_that_loses_nothing_keeps_those_that_are_open(after: Key) -> None:
    assert with_its_sessions(KEY, after, NOW).sessions == open_sessions(KEY, NOW)


def test_key_that_expires_earlier_keeps_those_that_end_before() -> None:
    assert with_its_sessions(KEY, changed(expires_at=NOW + 500), NOW).sessions == {"short": NOW + 1}
