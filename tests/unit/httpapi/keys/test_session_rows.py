"""What a session has of its key, as a row, and back."""

from __future__ import annotations

from dataclasses import replace

from httpapi.keys.model import Key, Session
from httpapi.keys.roles import Role
from httpapi.keys.rows import key_to_row
from httpapi.keys.session_rows import is_session, session_from_row, session_to_row
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.httpapi.keys.test_rows import names, numbers, specs, texts

sessions = st.builds(Session, texts, texts, st.none() | st.sampled_from(Role), numbers, st.none() | numbers)
parts = st.builds(Key, texts, texts, specs, texts, numbers, line=names, session=sessions)


@given(part=parts)
def test_session_comes_back_as_it_was_written(part: Key) -> None:
    assert part.session is not None
    row = session_to_row(part, part.session)
    assert is_session(row)
    assert session_from_row(row) == part


@given(part=parts, at=numbers)
def test_what_is_written_beside_it_is_read(part: Key, at: int) -> None:
    assert part.session is not None
    row = session_to_row(part, part.session)
    used = session_from_row(row | {"lastUsedAt": {"N": str(at)}, "suspendedAt": {"N": str(at)}})
    assert used == replace(part, last_used_at=at, suspended=True)
    assert session_from_row(row | {"revokedAt": {"N": str(at)}}).revoked_at == at


@given(key=st.builds(Key, texts, texts, specs, texts, numbers))
def test_row_of_a_key_is_no_session(key: Key) -> None:
    assert not is_session(key_to_row(key))
