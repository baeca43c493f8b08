"""/v1/portal/sessions: signing in with an API key, and out again."""

from __future__ import annotations

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.keys.sessions import narrow_spec
from httpapi.operations import Routes
from httpapi.render.sessions import render_session
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from httpapi.schemas.sessions import CreateSessionRequest, check_session

SESSIONS = "/v1/portal/sessions"
SESSION = SESSIONS + "/{sessionId}"

routes = Routes()


@routes.post(SESSIONS, None, body=body_of(CreateSessionRequest), body_required=False, check_body=check_session)
def create_session(call: Call[CreateSessionRequest, NoQuery]) -> Answer:
    """Begin a session of the key that asks; its secret is in this answer and nowhere else."""
    wish = call.body.wish()
    if wish.source_ids is not None:
        call.services.keys.check_sources(call.tenant_id, narrow_spec(call.key, wish, call.now))
    issued = call.services.sessions.begin_session(call.key.key_id, wish, call.key_creation(), by=call.actor)
    secret = issued.token.text
    body = {"session": render_session(issued.key), "secret": secret}
    return created(body, call.place(SESSION, sessionId=issued.key.holder_id), secret=secret)


@routes.get(SESSIONS, None, query=ListQuery)
def list_sessions(call: Call[None, ListQuery]) -> Answer:
    """List the open sessions that the key may see, oldest first."""
    by = call.key
    listing = call.listing(key_id=by.key_id, manages=_manages(by), within=by.spec.source_ids)
    page = call.services.sessions.list_sessions(
        call.tenant_id,
        limit=call.query.limit,
        position=call.position(listing),
        keep=lambda session: _sees(by, session),
    )
    return ok(listing.render("sessions", page, render_session))


@routes.get(SESSION, None)
def get_session(call: Call[None, NoQuery]) -> Answer:
    """Read one session."""
    by = call.key
    session = call.services.sessions.get_session(
        call.tenant_id, call.ids["sessionId"], lambda session: _sees(by, session)
    )
    return ok({"session": render_session(session)})


@routes.delete(SESSION, None)
def end_session(call: Call[None, NoQuery]) -> Answer:
    """End a session at once."""
    by = call.key
    session = call.services.sessions.end_session(
        call.tenant_id, call.ids["sessionId"], lambda session: _ends(by, session), by=call.actor
    )
    return ok({"session": render_session(session)})


def _manages(by: Key) -> bool:
    return Scope.KEYS_MANAGE in by.spec.scopes


def _sees(by: Key, session: Key) -> bool:
    """A key sees its own sessions, and one that manages keys those of every key that it manages."""
    return session.key_id == by.key_id or (_manages(by) and session.is_within(by.spec.source_ids))


def _ends(by: Key, session: Key) -> bool:
    """Who only has a session ends no other one, unless it manages keys."""
    return _sees(by, session) and (by.session is None or _manages(by) or session.holder_id == by.holder_id)
