"""Events into what they ask for; whatever comes is read, refused with a reason, or asks for nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.ids import new_id
from knowledge.imports.events import ExecutionEnded, ImportRequested, RejectedEventError, UploadArrived, read_event
from knowledge.imports.model import ImportMode

OWN = "own-bucket"
IMPORT_ID = new_id("imp")
FOLDER = "imports/ten_1/src_1"


def created(key: Any, bucket: Any = OWN, **found: Any) -> dict[str, Any]:
    return {"detail-type": "Object Created", "detail": {"bucket": {"name": bucket}, "object": {"key": key, **found}}}


def requested(event_id: Any = "e-1", **changed: Any) -> dict[str, Any]:
    detail = {"tenantId": "ten_1", "sourceId": "src_1", "bucket": "theirs", "key": "a.ndjson", "mode": "upsert"}
    detail = {name: value for name, value in (detail | changed).items() if value is not None}
    return {"id": event_id, "detail-type": "knowledge.import.requested", "detail": detail}


def ended(state: Any) -> dict[str, Any]:
    text = state if isinstance(state, str) else json.dumps(state)
    return {"detail-type": "Step Functions Execution Status Change", "detail": {"input": text}}


def test_upload_belongs_to_the_import_in_its_key() -> None:
    key = f"{FOLDER}/{IMPORT_ID}/upload"
    assert read_event(created(key), OWN) == UploadArrived("ten_1", "src_1", IMPORT_ID, OWN, key)


@pytest.mark.parametrize("name", ["piece-00001", "errors.ndjson", "upload/more", "uploads", ""])
def test_what_an_import_writes_beside_its_upload_asks_for_nothing(name: str) -> None:
    assert read_event(created(f"{FOLDER}/{IMPORT_ID}/{name}"), OWN) is None


@pytest.mark.parametrize(
    "name",
    ["a.ndjson", "deep/er/a.ndjson", "upload", IMPORT_ID, f"x/{IMPORT_ID}/upload", f"{new_id('run')}/upload", "//a"],
)
def test_any_other_file_in_a_folder_of_a_source_is_a_new_import(name: str) -> None:
    found = read_event(created(f"{FOLDER}/{name}", etag="e", sequencer="1"), OWN)
    assert isinstance(found, ImportRequested)
    assert (found.tenant_id, found.source_id, found.key) == ("ten_1", "src_1", f"{FOLDER}/{name}")
    # The object's own metadata say how.
    assert (found.mode, found.apply) == (None, None)


@pytest.mark.parametrize(
    "key", [f"{FOLDER}/", FOLDER, "imports/ten_1/", "imports", "", "packs/ten_1/src_1/a", "/" + FOLDER]
)
def test_object_in_no_folder_of_a_source_is_refused(key: str) -> None:
    with pytest.raises(RejectedEventError, match="lies in no source's folder"):
        read_event(created(key), OWN)


def test_upload_event_of_another_bucket_is_refused() -> None:
    with pytest.raises(RejectedEventError, match="the stack's own bucket"):
        read_event(created(f"{FOLDER}/{IMPORT_ID}/upload", bucket="theirs"), OWN)


def test_repeated_delivery_has_one_identity_and_each_write_another() -> None:
    def identity(**found: Any) -> str:
        request = read_event(created(f"{FOLDER}/a", **found), OWN)
        assert isinstance(request, ImportRequested)
        return request.identity

    first = identity(etag="e", sequencer="1", size=5)
    assert identity(etag="e", sequencer="1", size=5) == first
    # The same bytes written again, and other bytes.
    assert len({first, identity(etag="e", sequencer="2"), identity(etag="f", sequencer="1"), identity()}) == 4


def test_request_is_read_with_its_defaults() -> None:
    assert read_event(requested(), OWN) == ImportRequested(
        "ten_1", "src_1", "theirs", "a.ndjson", "event\0e-1", ImportMode.UPSERT, apply=False
    )
    found = read_event(requested(mode="snapshot", apply=True), OWN)
    assert isinstance(found, ImportRequested)
    assert (found.mode, found.apply) == (ImportMode.SNAPSHOT, True)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mode": "replace"}, r"detail\.mode must be"),
        ({"apply": "yes"}, r"detail\.apply must be"),
        ({"key": ""}, r"detail\.key"),
        ({"tenantId": 7}, r"detail\.tenantId"),
        ({"sourceId": None}, r"detail\.sourceId is missing"),
        ({"extra": 1}, r"detail\.extra is not a field"),
    ],
)
def test_request_that_breaks_a_rule_is_refused_with_the_field(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(RejectedEventError, match=reason):
        read_event(requested(**changed), OWN)


@pytest.mark.parametrize("event_id", [None, "", 7])
def test_request_that_could_not_be_told_from_its_repetition_is_refused(event_id: Any) -> None:
    with pytest.raises(RejectedEventError, match="no id"):
        read_event(requested(event_id), OWN)


@pytest.mark.parametrize(
    "key",
    [
        "imports/ten_2/src_1/a",
        "imports/ten_1/src_2/a",
        "imports/ten_1/src_10/a",
        "packs/ten_1/src_1/a",
        f"x/{FOLDER}/a",
        FOLDER,
    ],
)
def test_request_reaches_no_file_of_others_in_the_own_bucket(key: str) -> None:
    with pytest.raises(RejectedEventError, match="must lie in the folder of the source"):
        read_event(requested(bucket=OWN, key=key), OWN)
    assert read_event(requested(bucket=OWN, key=f"{FOLDER}/a"), OWN) is not None


def test_ended_execution_is_read_from_its_input() -> None:
    state = {"tenantId": "ten_1", "sourceId": "src_1", "importId": IMPORT_ID, "attempt": 2, "more": 1}
    assert read_event(ended(state), OWN) == ExecutionEnded("ten_1", "src_1", IMPORT_ID, 2)


@pytest.mark.parametrize("state", ["", "{", "7", "[]", {}, {"tenantId": "t"}, "null"])
def test_execution_without_an_import_is_refused(state: Any) -> None:
    with pytest.raises(RejectedEventError, match="names no import"):
        read_event(ended(state), OWN)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([OWN, FOLDER, f"{FOLDER}/a"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["bucket", "object", "name", "key", "input", "mode", "id"]) | st.text(), inner
        )
    ),
    max_leaves=8,
)
kinds = st.sampled_from(["Object Created", "knowledge.import.requested", "Step Functions Execution Status Change"])


@given(st.fixed_dictionaries({}, optional={"id": values, "detail": values, "detail-type": kinds | values}))
def test_any_event_is_read_or_refused_with_a_reason(event: dict[str, Any]) -> None:
    try:
        found = read_event(event, OWN)
    except RejectedEventError as error:
        assert str(error)
    else:
        assert found is None or isinstance(found, UploadArrived | ImportRequested | ExecutionEnded)


@given(st.text(), st.text(), st.text(min_size=1))
def test_upload_never_leads_into_another_folder_than_its_own(tenant_id: str, source_id: str, name: str) -> None:
    key = f"imports/{tenant_id}/{source_id}/{name}"
    try:
        found = read_event(created(key), OWN)
    except RejectedEventError:
        return
    if isinstance(found, ImportRequested | UploadArrived):
        assert found.key.startswith(f"imports/{found.tenant_id}/{found.source_id}/")
