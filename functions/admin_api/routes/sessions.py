"""/v1/portal: signing in with an API key or a link, and out again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from httpapi.answers import Answer, created, ok
from httpapi.call import Call
from httpapi.keys.model import Key
from httpapi.keys.scopes import Scope
from httpapi.keys.sessions import SessionWish
from httpapi.operations import Routes
from httpapi.render.sessions import render_link, render_session
from httpapi.schemas.fields import ListQuery, NoQuery, body_of
from httpapi.schemas.sessions import CreateSessionRequest, CreateSignInLinkRequest, check_link, check_session

SESSIONS = "/v1/portal/sessions"
LINKS = "/v1/portal/sign-in-links"
SESSION = SESSIONS + "/{sessionId}"

routes = Routes()


@routes.post(
    SESSIONS, None, body=body_of(CreateSessionRequest), body_required=False, check_body=check_session, takes_link=True
)
def create_session(call: Call[CreateSessionRequest, NoQuery]) -> Answer:
    """Begin a session of the key that asks; its secret is in this answer and nowhere else."""
    issued = call.services.sessions.begin_session(call.key, _wish(call), call.key_creation(), actor=call.actor)
    secret = issued.token.text
    body = {"session": render_session(issued.key), "secret": secret}
    return created(body, call.place(SESSION, sessionId=issued.key.holder_id), secret=secret)


@routes.post(
    LINKS, Scope.KEYS_MANAGE, body=body_of(CreateSignInLinkRequest), body_required=False, check_body=check_link
)
def create_sign_in_link(call: Call[CreateSignInLinkRequest, NoQuery]) -> Answer:
    """Make a link that begins a session, once; its code is in this answer and nowhere else."""
    issued = call.services.sessions.make_link(call.key, _wish(call), call.key_creation(), actor=call.actor)
    code = issued.token.text
    return Answer({"link": render_link(issued.key), "code": code}, 201, code)


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


def _wish(call: Call[Any, NoQuery]) -> SessionWish:
    wish: SessionWish = call.body.wish()
    if wish.source_ids is not None:
        call.services.keys.check_sources(call.tenant_id, replace(call.key.spec, source_ids=wish.source_ids))
    return wish


def _manages(by: Key) -> bool:
    return Scope.KEYS_MANAGE in by.spec.scopes


def _sees(by: Key, session: Key) -> bool:
    """A key sees its own sessions, and one that manages keys those of every key that it manages."""
    return session.key_id == by.key_id or (_manages(by) and session.is_within(by.spec.source_ids))


def _ends(by: Key, session: Key) -> bool:
    """Who only has a session ends no other one, unless it manages keys."""
    return _sees(by, session) and (by.session is None or _manages(by) or session.holder_id == by.holder_id)
