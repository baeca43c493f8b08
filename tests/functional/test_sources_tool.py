"""What the operators' tool says holds a source up, on rows that the lifecycle wrote."""

from __future__ import annotations

import pytest
from knowledge.runs.turns import TURN_MS, PlanningTurns
from knowledge.sources.store import LEASE_MS, SourceStore
from knowledge.storage.catalog import Catalog

from operations.sources import find_source, holders, show, wait
from operations.stack import DeployedStack, RefusedError
from testing.edge import Edge


def deployed(edge: Edge) -> DeployedStack:
    clients = {"dynamodb": edge.clients.dynamodb}
    catalog = ("AWS::DynamoDB::Table", edge.environment["CATALOG_TABLE"])
    return DeployedStack("test", {"CatalogTable": catalog}, clients.__getitem__)


def held(edge: Edge, source: str, now: int) -> dict[str, tuple[str, int | None]]:
    row = find_source(deployed(edge), edge.tenant_of(edge.token), source)
    return {each["holds"]: (each["by"], each["until"]) for each in holders(row, now)}


def test_each_holder_is_told_with_the_end_that_it_has_by_itself(edge: Edge) -> None:
    source, tenant, now = edge.source(), edge.tenant_of(edge.token), edge.clock()
    assert held(edge, source, now) == {}
    catalog = Catalog(edge.clients.dynamodb, edge.environment["CATALOG_TABLE"])
    SourceStore(catalog).acquire_lease(tenant, source, "run_a", now)
    with PlanningTurns(catalog).take_turn(tenant, source, "run_b", now, None):
        found = held(edge, source, now)
    assert found == {"lease": ("run_a", now + LEASE_MS), "turn": ("run_b", now + TURN_MS)}
    assert held(edge, source, now + TURN_MS) == {}
    opened = edge.request("POST", f"/v1/sources/{source}/snapshots").body["snapshot"]["id"]
    assert held(edge, source, now)["snapshot"][0] == opened


def test_clean_up_that_is_owed_is_told_with_how_far_it_is(edge: Edge) -> None:
    source, tenant = edge.source(), edge.tenant_of(edge.token)
    edge.clients.dynamodb.update_item(
        TableName=edge.environment["CATALOG_TABLE"],
        Key={"pk": {"S": tenant}, "sk": {"S": f"source#{source}"}},
        UpdateExpression="SET settleRunId = :run, settledPart = :part, settledSteps = :steps",
        ExpressionAttributeValues={":run": {"S": "run_a"}, ":part": {"N": "2"}, ":steps": {"N": "500"}},
    )
    told = show(deployed(edge), tenant, source)
    [settling] = told["heldBy"]
    assert (settling["by"], settling["until"], settling["at"]) == ("run_a", None, {"part": 2, "steps": 500})
    assert "/run_a/" in told["queries"][0]
    assert wait(deployed(edge), tenant, source, 0)["heldBy"] == [], "it keeps nobody out"


def test_who_is_renewed_again_and_again_is_at_work(edge: Edge) -> None:
    source, tenant = edge.source(), edge.tenant_of(edge.token)
    # The tool looks at the machine's clock.
    catalog = Catalog(edge.clients.dynamodb, edge.environment["CATALOG_TABLE"])
    SourceStore(catalog).acquire_lease(tenant, source, "run_a", 10**14)
    with pytest.raises(RefusedError, match="run_a"):
        wait(deployed(edge), tenant, source, -1)
    with pytest.raises(RefusedError, match="no source"):
        wait(deployed(edge), tenant, "src_other", 1)
