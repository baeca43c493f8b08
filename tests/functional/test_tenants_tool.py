"""The operators' tool for tenants, on the tables of the template and through the edge that it acts on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from httpapi.errors import KeySuspendedError
from httpapi.keys import tokens
from httpapi.keys.model import KeySpec
from knowledge.environments import Environment

from operations import tenants as tool
from testing.edge import Edge, load_app
from tests.support.edge_erasing import SECRET, TITLE, carry_out_deletions, named_by_keys, rows
from tests.support.edge_questions import keep_answer
from tests.support.keys import whoami


@pytest.fixture
def deployment(edge: Edge) -> Any:
    return tool.Deployment(
        edge.clients.dynamodb,
        edge.clients.s3,
        lambda event: load_app("bootstrap_tenant").handler(event, None),
        edge.environment["KEYS_TABLE"],
        edge.environment["CATALOG_TABLE"],
        edge.environment["QUESTIONS_TABLE"],
        edge.environment["CONTENT_BUCKET"],
    )


def run(deployment: Any, *arguments: str) -> list[dict[str, Any]]:
    return list(tool.run(deployment, tool.parse(["--stack", "s", *arguments])))


def named(edge: Edge, what: str) -> set[str]:
    asked = {str(row) for row in rows(edge, "QUESTIONS_TABLE") if what in str(row)}
    return set(named_by_keys(edge, what, "CATALOG_TABLE")) | asked


def listed(deployment: Any, tenant: str) -> dict[str, Any]:
    (line,) = (line for line in run(deployment, "list") if line["tenantId"] == tenant)
    return line


def test_created_tenant_has_a_key_that_works_and_is_listed(edge: Edge, deployment: Any) -> None:
    (made,) = run(deployment, "create", "--name", "Acme")
    assert whoami(edge, made["secret"]) == (200, None)
    line = listed(deployment, made["tenantId"])
    assert (line["name"], line["usableKeys"], line["requestsPerMinute"]) == ("Acme", 1, 120)
    assert line["suspendedAt"] is None


def test_suspended_tenant_is_refused_at_its_next_request_and_others_are_not(edge: Edge, deployment: Any) -> None:
    other = edge.bootstrap()
    tenant = edge.tenant_of(edge.token)
    assert whoami(edge, other) == (200, None)
    before = edge.clients.dynamodb.scan(TableName=deployment.keys_table)["Items"]
    assert run(deployment, "suspend", tenant) == [{"tenantId": tenant, "suspendedKeys": 2}]
    assert whoami(edge, edge.token) == (401, "key_suspended")
    assert whoami(edge, edge.admin) == (401, "key_suspended")
    assert whoami(edge, other) == (200, None)
    assert listed(deployment, tenant)["usableKeys"] == 0
    assert run(deployment, "suspend", tenant) == [{"tenantId": tenant, "suspendedKeys": 0}]
    assert run(deployment, "resume", tenant) == [{"tenantId": tenant, "resumedKeys": 2}]
    after = edge.clients.dynamodb.scan(TableName=deployment.keys_table)["Items"]
    assert sorted(map(str, after)) == sorted(map(str, before)), "a mark was left, or more was changed"
    assert whoami(edge, edge.token) == (200, None)


def test_sessions_and_links_are_suspended_and_end_with_the_keys_of_their_tenant(edge: Edge, deployment: Any) -> None:
    tenant = edge.tenant_of(edge.admin)
    session = edge.request("POST", "/v1/portal/sessions", key=edge.admin).body["secret"]
    link = edge.request("POST", "/v1/portal/sign-in-links", key=edge.admin).body["code"]
    assert listed(deployment, tenant)["usableKeys"] == 2
    run(deployment, "suspend", tenant)
    assert whoami(edge, session) == (401, "key_suspended")
    assert edge.request("POST", "/v1/portal/sessions", key=link).code == "key_suspended"
    run(deployment, "resume", tenant)
    assert whoami(edge, session) == (200, None)
    run(deployment, "suspend", tenant)
    run(deployment, "revoke", tenant)
    run(deployment, "resume", tenant)
    assert whoami(edge, session) == (401, "session_ended")
    assert edge.request("POST", "/v1/portal/sessions", key=link).code == "link_used"


def test_what_is_wrong_with_a_suspended_key_is_told_to_its_holder_alone(edge: Edge, deployment: Any) -> None:
    run(deployment, "suspend", edge.tenant_of(edge.token))
    kind, environment, key_id, _ = [*edge.token.split("_")]
    stem = f"{kind}_{environment}_{key_id}_{'a' * tokens.SECRET_LENGTH}"
    assert whoami(edge, stem + tokens.checksum(stem)) == (401, "invalid_key")


def test_no_key_comes_in_behind_the_suspension(edge: Edge, deployment: Any) -> None:
    """A request that was let through before still runs: its key would be one that nobody marked."""
    tenant = edge.tenant_of(edge.token)
    made = edge.key(edge.admin)
    run(deployment, "suspend", tenant)
    keys = edge.services.keys
    with pytest.raises(KeySuspendedError):
        keys.create_key(tenant, KeySpec(name="late"))
    with pytest.raises(KeySuspendedError):
        keys.rotate_key(tenant, edge.stored(made).key_id, 0)
    with pytest.raises(KeySuspendedError):
        keys.bootstrap_tenant(tenant_id=tenant, name="late")
    # What ends a key is let through.
    keys.revoke_key(tenant, edge.stored(made).key_id)
    assert listed(deployment, tenant)["usableKeys"] == 0


def test_resumed_tenant_has_no_more_than_before(edge: Edge, deployment: Any) -> None:
    tenant, revoked = edge.tenant_of(edge.token), edge.key(edge.admin)
    run(deployment, "suspend", tenant)
    edge.services.keys.revoke_key(tenant, edge.stored(revoked).key_id)
    run(deployment, "resume", tenant)
    assert whoami(edge, revoked) == (401, "key_revoked")
    assert edge.services.keys.create_key(tenant, KeySpec(name="new")).key.tenant_id == tenant


def test_all_keys_of_a_suspended_tenant_are_revoked_and_its_share_is_free(edge: Edge, deployment: Any) -> None:
    """All of them are compromised: resumed, the tenant must not have one of them for a moment."""
    tenant, other = edge.tenant_of(edge.token), edge.bootstrap()
    with pytest.raises(tool.RefusedError, match="suspend"):
        run(deployment, "revoke", tenant)
    run(deployment, "suspend", tenant)
    assert run(deployment, "revoke", tenant) == [{"tenantId": tenant, "revokedKeys": 2}]
    assert run(deployment, "revoke", tenant) == [{"tenantId": tenant, "revokedKeys": 0}]
    run(deployment, "resume", tenant)
    assert [whoami(edge, key) for key in (edge.token, edge.admin)] == [(401, "key_revoked")] * 2
    assert listed(deployment, tenant)["requestsPerMinute"] == 0
    made = edge.bootstrap(tenantId=tenant)
    assert whoami(edge, made) == whoami(edge, other) == (200, None)
    assert listed(deployment, tenant)["requestsPerMinute"] == 120
    # It is the last admin key again, which may not be revoked.
    assert edge.request("DELETE", f"/v1/admin/keys/{edge.stored(made).key_id}", key=made).status == 409


def test_tenant_is_deleted_when_it_is_suspended_and_its_content_may_stay(edge: Edge, deployment: Any) -> None:
    source, tenant = edge.source(), edge.tenant_of(edge.token)
    with pytest.raises(tool.RefusedError, match="suspend"):
        run(deployment, "delete", tenant)
    run(deployment, "suspend", tenant)
    assert whoami(edge, edge.token) == (401, "key_suspended")
    (left,) = run(deployment, "delete", tenant, "--leave-content")
    assert (left["deletedKeys"], left["leftSources"]) == (2, [source])
    assert f"s3://{deployment.bucket}/content/{tenant}/" in left["leftFolders"]
    assert whoami(edge, edge.token) == (401, "invalid_key")
    assert tenant not in {line["tenantId"] for line in run(deployment, "list")}
    for command in ("suspend", "resume", "delete"):
        with pytest.raises(tool.RefusedError, match="no tenant"):
            run(deployment, command, tenant)


def test_tenant_is_deleted_with_all_it_has_and_others_stay(edge: Edge, deployment: Any) -> None:
    tenant, admin, token = edge.tenant_of(edge.token), edge.admin, edge.token
    source, archived = edge.source(name=SECRET), edge.source()
    edge.push(source, "x", content=SECRET, title=TITLE)
    edge.publish(source)
    # What is under way doesn't stand in the way.
    assert edge.request("POST", f"/v1/sources/{source}/erasures", {"externalItemIds": ["y"]}).status == 202
    edge.request("DELETE", f"/v1/sources/{archived}")
    keep_answer(edge, SECRET, source)
    hook = edge.request("POST", "/v1/webhooks", {"url": "https://hooks.example.com"}).body["webhook"]["id"]
    edge.request("POST", f"/v1/webhooks/{hook}/test")
    kept = {"Bucket": deployment.bucket, "Key": f"idempotency/{tenant}/kept"}
    edge.clients.s3.put_object(**kept, Body=b"kept")
    edge.admin = edge.bootstrap()
    edge.token = edge.key(edge.admin)
    other = edge.source()
    edge.push(other, "x", content="kept")
    edge.publish(other)
    keep_answer(edge, "kept", other)
    stays = named(edge, edge.tenant_of(edge.token)) | named(edge, other)

    run(deployment, "suspend", tenant)
    (told,) = run(deployment, "delete", tenant)
    assert (told["deleted"], told["markedSources"], sorted(told["leftSources"])) == (
        False,
        2,
        sorted([source, archived]),
    )
    (told,) = run(deployment, "delete", tenant)
    assert (told["deleted"], told["markedSources"], len(told["leftSources"])) == (False, 0, 2)
    assert whoami(edge, token) == whoami(edge, admin) == (401, "key_suspended")
    edge.clock.advance(seconds=60 * 60 * 24 * 400)
    carry_out_deletions(edge)
    for environment in Environment:
        # By requests that were under way.
        keep_answer(edge, SECRET, archived, token=token, environment=environment)
    (told,) = run(deployment, "delete", tenant)
    assert (told["deleted"], told["deletedKeys"], told["deletedVersions"]) == (True, 2, 1)
    assert named(edge, tenant) | named(edge, source) | named(edge, hook) == set()
    assert tenant not in {line["tenantId"] for line in run(deployment, "list")}
    assert named(edge, edge.tenant_of(edge.token)) | named(edge, other) == stays


def test_tenant_without_sources_leaves_nothing(edge: Edge, deployment: Any) -> None:
    (made,) = run(deployment, "create", "--name", "Brief")
    run(deployment, "suspend", made["tenantId"])
    (left,) = run(deployment, "delete", made["tenantId"])
    assert (left["deletedKeys"], left["deleted"]) == (1, True)


def test_every_folder_of_a_tenant_is_named() -> None:
    """Where the code puts objects: `<folder>/<tenant>/...`."""
    code = "".join(path.read_text("utf-8") for path in (Path(tool.__file__).parents[1] / "layers").rglob("*.py"))
    folders = set(re.findall(r"[\"f\"](\w+)/\{[\w.]*tenant_id\}", code))
    assert folders <= set(tool._FOLDERS), folders
    assert folders
