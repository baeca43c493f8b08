"""What a source says of how it is searched: set, shown, recorded, and apart from the row that publishing reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from knowledge.errors import ServiceUnavailableError
from knowledge.limits import SYNONYM_CHARACTERS, SYNONYM_GROUPS, SYNONYMS_A_GROUP, SYNONYMS_BYTES
from knowledge.sources.model import SynonymsHeld
from knowledge.storage import catalog as catalog_module

from testing.edge import Edge, Reply

GROUPS = [["car", "automobile"], ["sign in", "log in", "login"]]
SENT = {"serving": "off", "titleWeight": 2.5, "defaultLanguage": "pt-BR", "synonyms": GROUPS, "questionLog": "on"}
# A row of DynamoDB takes no more.
ROW_BYTES = 400 * 1024


def row_of(edge: Edge, pk: str, sk: str) -> dict[str, Any]:
    key = {"pk": {"S": pk}, "sk": {"S": sk}}
    row: dict[str, Any] = edge.clients.dynamodb.get_item(TableName=edge.environment["CATALOG_TABLE"], Key=key)
    return row.get("Item", {})


def source_row(edge: Edge, source: str) -> dict[str, Any]:
    return row_of(edge, edge.tenant_of(edge.token), f"source#{source}")


def patch(edge: Edge, source: str, body: dict[str, Any]) -> Reply:
    return edge.request("PATCH", f"/v1/sources/{source}", body)


def shown(edge: Edge, source: str) -> dict[str, Any]:
    found: dict[str, Any] = edge.request("GET", f"/v1/sources/{source}").body["source"]
    return found


def test_a_new_source_serves_with_equal_weights_no_language_and_no_synonyms(edge: Edge) -> None:
    source = edge.source()
    found = shown(edge, source)
    assert {name: found[name] for name in (*SENT, "synonymGroups")} == {
        "serving": "on",
        "titleWeight": 1,
        "defaultLanguage": None,
        "synonyms": [],
        "synonymGroups": 0,
        "questionLog": "off",
    }
    kept = {"serving", "titleWeight", "defaultLanguage", "synonymsVersion", "synonymGroups", "questionLog"}
    assert not kept & source_row(edge, source).keys(), "the row is as large as it was without these"


@pytest.mark.parametrize("by", ["POST", "PATCH"])
def test_settings_are_set_and_shown(edge: Edge, by: str) -> None:
    if by == "POST":
        reply = edge.request("POST", "/v1/sources", {"name": "s", **SENT})
        source = reply.body["source"]["id"]
    else:
        source = edge.source()
        reply = patch(edge, source, SENT)
    assert reply.status in {200, 201}, reply.text
    for found in (reply.body["source"], shown(edge, source)):
        assert {name: found[name] for name in SENT} == SENT
        assert found["synonymGroups"] == 2
    (listed,) = edge.request("GET", "/v1/sources").body["sources"]
    assert (listed["synonymGroups"], listed["titleWeight"], listed["serving"]) == (2, 2.5, "off")
    assert "synonyms" not in listed
    row = source_row(edge, source)
    assert "login" not in str(row)
    assert (row["synonymGroups"], row["synonymsVersion"]) == ({"N": "2"}, {"N": "1"})


def test_what_is_absent_stays_and_each_can_be_taken_back(edge: Edge) -> None:
    source = edge.source(**SENT)
    kept = patch(edge, source, {"name": "Other"}).body["source"]
    assert {name: kept[name] for name in SENT} == SENT
    back = {"serving": "on", "titleWeight": 1, "defaultLanguage": None, "synonyms": [], "questionLog": "off"}
    assert {name: value for name, value in patch(edge, source, back).body["source"].items() if name in back} == back
    assert not row_of(edge, source, "synonyms")
    assert {"serving", "titleWeight", "defaultLanguage", "synonymGroups", "questionLog"}.isdisjoint(
        source_row(edge, source)
    )
    assert source_row(edge, source)["synonymsVersion"] == {"N": "2"}, "it never goes back"


@pytest.mark.parametrize(
    ("field", "value", "path"),
    [
        ("serving", "maybe", "serving"),
        ("serving", None, "serving"),
        ("questionLog", "maybe", "questionLog"),
        ("questionLog", None, "questionLog"),
        ("titleWeight", 0.09, "titleWeight"),
        ("titleWeight", 10.01, "titleWeight"),
        ("titleWeight", 1.005, "titleWeight"),
        ("titleWeight", "2", "titleWeight"),
        ("titleWeight", None, "titleWeight"),
        ("defaultLanguage", "english language", "defaultLanguage"),
        ("defaultLanguage", "en_US", "defaultLanguage"),
        ("synonyms", None, "synonyms"),
        ("synonyms", [["alone"]], "synonyms[0]"),
        ("synonyms", [["a", ""]], "synonyms[0][1]"),
        ("synonyms", [["a", "b" * (SYNONYM_CHARACTERS + 1)]], "synonyms[0][1]"),
        ("synonyms", [["a", "\ud800"]], "synonyms[0][1]"),
        ("synonyms", [["x"] * (SYNONYMS_A_GROUP + 1)], "synonyms[0]"),
        ("synonyms", [["a", "b"]] * (SYNONYM_GROUPS + 1), "synonyms"),
        ("synonyms", ["a", "b"], "synonyms[0]"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(edge: Edge, field: str, value: Any, path: str) -> None:
    source = edge.source(**SENT)
    reply = patch(edge, source, {field: value})
    assert (reply.status, reply.code) == (400, "validation_error"), reply.text
    assert reply.body["details"][0]["path"] == path
    found = shown(edge, source)
    assert {name: found[name] for name in SENT} == SENT


@pytest.mark.parametrize("weight", [0.1, 10, 1, 0.29, 3.33, 9.99])
def test_weights_of_two_decimals_are_kept_exactly(edge: Edge, weight: float) -> None:
    source = edge.source(titleWeight=weight)
    assert shown(edge, source)["titleWeight"] == weight
    patch(edge, source, {"name": "Other"})
    assert shown(edge, source)["titleWeight"] == weight


def test_the_largest_synonyms_fit_into_their_row_and_larger_ones_are_refused(edge: Edge) -> None:
    """Four bytes a character, and as many groups and texts as there may be: each as large as the sum allows."""
    most = [["😀" * 4 for _ in range(SYNONYMS_A_GROUP)] for _ in range(SYNONYM_GROUPS)]
    for group in most[:32]:
        group[0] += "x" * 48
    assert sum(len(text.encode()) for group in most for text in group) == SYNONYMS_BYTES
    source = edge.source()
    assert patch(edge, source, {"synonyms": most}).status == 200
    assert shown(edge, source)["synonyms"] == most
    row = row_of(edge, source, "synonyms")
    # Each value of a list takes a byte, each list three.
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    texts = sum(len(text["S"].encode()) + 1 for group in row["groups"]["L"] for text in group["L"])
    assert texts + 4 * len(row["groups"]["L"]) + 1_000 < ROW_BYTES / 4, "and a hundred of them into one read"
    most[-1][1] += "x"
    reply = patch(edge, source, {"synonyms": most})
    assert (reply.status, reply.body["details"][0]["path"]) == (400, "synonyms")
    assert f"{SYNONYMS_BYTES} bytes" in reply.body["details"][0]["message"]


def test_the_audit_tells_of_settings_and_of_synonyms_only_how_many(edge: Edge) -> None:
    auditor = edge.key(edge.admin, name="auditor", scopes=["audit:read"])
    source = edge.source()
    patch(edge, source, SENT)
    patch(edge, source, SENT)
    patch(edge, source, {"synonyms": [["car", "auto"], ["a", "b"]]})
    query = "kind=source.updated"
    reply = edge.request("GET", "/v1/admin/audit", key=auditor, query=query)
    changed, first = reply.body["entries"]
    assert first["before"] == {
        "serving": "on",
        "titleWeight": 1,
        "defaultLanguage": None,
        "synonyms": {"version": 0, "groups": 0},
        "questionLog": "off",
    }
    assert first["after"] == {**SENT, "synonyms": {"version": 1, "groups": 2}}
    assert changed["before"] == {"synonyms": {"version": 1, "groups": 2}}
    assert changed["after"] == {"synonyms": {"version": 2, "groups": 2}}
    assert "automobile" not in reply.text


def test_a_ready_run_is_applied_as_it_was_planned(edge: Edge) -> None:
    source = edge.source()
    edge.push(source)
    run = edge.run(source)
    version = source_row(edge, source)["settingsVersion"]
    patch(edge, source, SENT)
    assert source_row(edge, source)["settingsVersion"] == version
    reply = edge.request("POST", f"/v1/sources/{source}/runs/{run}/apply", {"planVersion": 1})
    assert (reply.status, reply.body.get("status")) == (200, "published"), reply.text
    found = shown(edge, source)
    assert {name: found[name] for name in SENT} == SENT, "a publication leaves them"


def test_settings_stay_with_an_archived_source_that_takes_no_others(edge: Edge) -> None:
    source = edge.source(**SENT)
    edge.request("DELETE", f"/v1/sources/{source}")
    assert patch(edge, source, {"synonyms": []}).code == "source_inactive"
    found = shown(edge, source)
    assert {name: found[name] for name in SENT} == SENT


def test_of_two_changes_of_synonyms_at_once_row_and_version_are_of_the_last(edge: Edge) -> None:
    """Decided on synonyms that are not there any more, a change is decided anew: no number names two contents."""
    source = edge.source(synonyms=GROUPS)
    service = edge.services.knowledge.sources
    original = type(service.store).change_settings
    raced = []

    def late(store: Any, *given: Any, **more: Any) -> Any:
        if not raced:
            raced.append(True)
            patch(edge, source, {"synonyms": [["x", "y"]]})
        return original(store, *given, **more)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(service.store), "change_settings", late)
        # What was there when it was read: to write it again is a change all the same.
        reply = patch(edge, source, {"synonyms": GROUPS})
    assert reply.body["source"]["synonyms"] == GROUPS
    assert shown(edge, source)["synonyms"] == GROUPS
    tenant = edge.tenant_of(edge.token)
    assert service.get_source(tenant, source).synonyms == SynonymsHeld(3, 2)


def test_a_repeated_creation_keeps_the_synonyms_of_the_first(edge: Edge) -> None:
    service, tenant = edge.services.knowledge.sources, edge.tenant_of(edge.token)
    first = {"name": "s", "grace_days": 7, "removal_guard": None, "source_id": "src_1"}
    service.create_source(tenant, **first, synonyms=(("a", "b"),))
    made = service.create_source(tenant, **first, synonyms=(("c", "d"), ("e", "f")))
    assert (made.synonyms, service.synonyms_of(made)) == (SynonymsHeld(1, 1), (("a", "b"),))


def test_synonyms_of_many_sources_are_read_at_once(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {edge.source(synonyms=[[f"a{n}", f"b{n}"]]): ((f"a{n}", f"b{n}"),) for n in range(5)}
    without = edge.source()
    stranger = edge.key(edge.bootstrap(), name="stranger")
    body = {"name": "theirs", "synonyms": GROUPS}
    theirs = edge.request("POST", "/v1/sources", body, key=stranger).body["source"]["id"]
    monkeypatch.setattr(catalog_module, "_KEYS_PER_READ", 3)
    store, tenant = edge.services.knowledge.sources.store, edge.tenant_of(edge.token)
    # One that is named twice DynamoDB refuses.
    asked = [next(iter(made)), *made, without, theirs]
    assert store.read_synonyms(tenant, asked) == made, "those of other tenants are not there"
    assert store.read_synonyms(tenant, []) == {}


def test_one_source_s_synonyms_are_read_alone_and_only_where_there_are_some(edge: Edge) -> None:
    """What answers requests may read no rows of sources in batches."""
    service, tenant = edge.services.knowledge.sources, edge.tenant_of(edge.token)
    read = []

    class _Single:
        def get_item(self, **asked: Any) -> Any:
            read.append(asked["Key"]["sk"]["S"])
            return edge.clients.dynamodb.get_item(**asked)

    single: Any = _Single()
    alone = replace(service, store=replace(service.store, catalog=replace(service.store.catalog, dynamodb=single)))
    with_some, without = edge.source(synonyms=GROUPS), edge.source()
    assert alone.synonyms_of(service.get_source(tenant, without)) == ()
    assert read == []
    assert alone.synonyms_of(service.get_source(tenant, with_some)) == tuple(map(tuple, GROUPS))
    assert read == ["synonyms"]


class _Busy:
    """Leaves all but the first key of a read to the next one; with `never`, all."""

    def __init__(self, client: Any, *, never: bool = False) -> None:
        self.client, self.never, self.calls = client, never, 0

    def batch_get_item(self, *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803
        self.calls += 1
        ((table, asked),) = RequestItems.items()
        assert asked["ConsistentRead"] is True
        if self.never:
            return {"Responses": {}, "UnprocessedKeys": RequestItems}
        now, later = asked["Keys"][:1], asked["Keys"][1:]
        answer = self.client.batch_get_item(RequestItems={table: {**asked, "Keys": now}})
        return {**answer, "UnprocessedKeys": {table: {**asked, "Keys": later}} if later else {}}


def test_a_read_that_is_answered_in_part_goes_on(edge: Edge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "backoff", lambda _attempt: None)
    made = {edge.source(synonyms=GROUPS): tuple(map(tuple, GROUPS)) for _ in range(3)}
    store, tenant = edge.services.knowledge.sources.store, edge.tenant_of(edge.token)
    busy = _Busy(edge.clients.dynamodb)
    asked = replace(store, catalog=replace(store.catalog, dynamodb=busy))
    assert (asked.read_synonyms(tenant, list(made)), busy.calls) == (made, 3)
    never = replace(store, catalog=replace(store.catalog, dynamodb=_Busy(None, never=True)))
    with pytest.raises(ServiceUnavailableError):
        never.read_synonyms(tenant, list(made))
