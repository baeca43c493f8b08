"""Reviewing a run over HTTP: what is shown is what an apply publishes, and nothing that was taken back."""

from __future__ import annotations

from typing import Any

import pytest
from knowledge.limits import EARLIER_PLANS_KEPT

from testing.edge import Edge
from tests.support.edge_erasing import SECRET, ask, carry_out
from tests.support.edge_lists import pages


def changes(edge: Edge, source: str, run: str, query: str = "include=content") -> dict[str, dict[str, Any]]:
    path = f"/v1/sources/{source}/runs/{run}/changes"
    return {each["externalItemId"]: each for page in pages(edge, path, query, edge.token) for each in page["changes"]}


def refused(edge: Edge, source: str, run: str, query: str) -> tuple[int, str]:
    reply = edge.request("GET", f"/v1/sources/{source}/runs/{run}/changes", query=query)
    return reply.status, reply.code


def plan_again(edge: Edge, source: str, run: str) -> None:
    """As an apply has it done that is refused because something else was published."""
    edge.services.knowledge.planner.plan_run(edge.tenant_of(edge.token), source, run)


def test_sides_of_a_change_are_what_differs_whatever_is_pushed_since(edge: Edge) -> None:
    source = edge.source(graceDays=30)
    edge.push(source, "updated", content="one", url="https://example.com/", tags=["a"])
    for name in ("removed", "restored", "dropped"):
        edge.push(source, name, content=f"{name} text")
    for name in ("restored", "dropped"):
        edge.request("DELETE", f"/v1/sources/{source}/items/{name}")
    edge.publish(source)
    edge.push(source, "updated", content="two", tags=["a"], metadata={"n": 1})
    edge.push(source, "added", content="new", language="de")
    edge.request("DELETE", f"/v1/sources/{source}/items/removed")
    edge.request("POST", f"/v1/sources/{source}/items/restored/restore")
    run = edge.run(source)
    for name in ("updated", "added", "restored"):
        edge.push(source, name, content="a third text, which nobody reviewed")
    found = changes(edge, source, run, "include=content&limit=2")
    assert changes(edge, source, run, "limit=2") == {
        name: {key: value for key, value in each.items() if key not in ("before", "after")}
        for name, each in found.items()
    }
    sides = {name: (each.get("before"), each.get("after")) for name, each in found.items()}
    assert sides["updated"] == (
        {"content": "one", "contentBytes": 3, "url": "https://example.com/", "metadata": None},
        {"content": "two", "contentBytes": 3, "url": None, "metadata": {"n": 1}},
    )
    assert found["updated"]["fields"] == sorted({"content", "url", "metadata"})
    added = {"title": "Refunds", "content": "new", "contentBytes": 3, "contentType": "text/plain", "language": "de"}
    before, after = sides["added"]
    assert before is None
    assert after == {**added, "title": after["title"]}
    at = found["removed"]["removedAt"]
    assert sides["removed"] == ({"removedAt": None}, {"removedAt": at})
    assert "dropped" not in sides
    assert edge.apply(source, run, planVersion=1).status == 200
    # A run tells of what it published as long as that is kept.
    assert changes(edge, source, run) == found
    published = edge.request("GET", f"/v1/sources/{source}/generations/current/changes", query="include=content").body
    between = {each["externalItemId"]: (each.get("before"), each.get("after")) for each in published["changes"]}
    assert between == sides


def test_what_is_dropped_has_only_what_it_was(edge: Edge) -> None:
    source = edge.source(graceDays=0)
    edge.push(source, "a", content="gone soon")
    first = edge.publish(source)
    edge.request("DELETE", f"/v1/sources/{source}/items/a")
    run = edge.run(source)
    (change,) = changes(edge, source, run).values()
    assert (change["change"], change["before"]["content"], "after" in change) == ("tombstoned", "gone soon", False)
    edge.apply(source, run)
    edge.push(source, "b")
    edge.publish(source)
    path = f"/v1/sources/{source}/generations/current/changes"
    found = edge.request("GET", path, query=f"include=content&from={first}&prefix=a").body["changes"]
    assert [(each["externalItemId"], each["before"]["content"], "after" in each) for each in found] == [
        ("a", "gone soon", False)
    ]


def test_change_too_large_for_an_answer_has_links(edge: Edge) -> None:
    """Each text fits by itself, and both do not."""
    source = edge.source()
    for text in ('"' * 1_000_000, '"' * 900_000):
        batch = {"items": [{"externalItemId": "large", "title": "T", "content": text}]}
        assert edge.request("POST", f"/v1/sources/{source}/items/batch", batch, compress=True).status == 200
        run = edge.run(source)
        (change,) = changes(edge, source, run).values()
        edge.apply(source, run)
    assert change["before"]["contentUrl"].startswith("https://")
    assert change["before"]["contentBytes"] == 1_000_000
    assert "content" not in change["before"]
    assert change["after"]["content"] == text


@pytest.mark.parametrize("query", ["prefix=", f"prefix={'a' * 513}", "since=0", "since=x", "prefix=a&prefix=b"])
def test_filters_that_mean_nothing_are_refused(edge: Edge, query: str) -> None:
    source = edge.source()
    edge.push(source, "a")
    assert refused(edge, source, edge.run(source), query) == (400, "validation_error")


def test_changes_are_listed_by_prefix(edge: Edge) -> None:
    source = edge.source()
    longest = "l" * 512
    for name in ("faq-1", "faq-2", "FAQ-3", "检索/1", longest):
        edge.push(source, name)
    run = edge.run(source)
    expected = {"faq-": {"faq-1", "faq-2"}, "FAQ": {"FAQ-3"}, "%E6%A3%80": {"检索/1"}, longest: {longest}, "x": set()}
    for prefix, names in expected.items():
        assert changes(edge, source, run, f"limit=1&prefix={prefix}").keys() == names
    edge.apply(source, run)
    for prefix, names in expected.items():
        path = f"/v1/sources/{source}/generations/current/changes"
        listed = pages(edge, path, f"limit=1&include=content&prefix={prefix}", edge.token)
        assert {each["externalItemId"] for page in listed for each in page["changes"]} == names


def test_two_plans_of_a_run_are_compared(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "kept")
    edge.publish(source)
    for name in ("same", "edited", "withdrawn"):
        edge.push(source, name, content=name)
    run = edge.run(source)
    path = f"/v1/sources/{source}/runs/{run}/changes"
    cursor = edge.request("GET", path, query="limit=1").body["nextCursor"]
    assert changes(edge, source, run, "since=1") == {}
    assert refused(edge, source, run, "since=2") == (404, "not_found")
    edge.push(source, "edited", content="edited again")
    edge.push(source, "later")
    edge.request("DELETE", f"/v1/sources/{source}/items/withdrawn")
    plan_again(edge, source, run)
    assert refused(edge, source, run, f"limit=1&cursor={cursor}") == (400, "validation_error")
    found = changes(edge, source, run, "since=1&include=content&limit=1")
    assert {name: each["since"] for name, each in found.items()} == {
        "edited": "changed",
        "later": "new",
        "withdrawn": "gone",
    }
    assert found["edited"]["after"]["content"] == "edited again"
    assert found["withdrawn"].keys().isdisjoint({"before", "after"})
    assert changes(edge, source, run, "since=1&prefix=w&change=added").keys() == {"withdrawn"}
    assert edge.request("GET", path, query="since=1").body["planVersion"] == 2
    # A cursor of a comparison is one of that comparison alone.
    cursor = edge.request("GET", path, query="since=1&limit=1").body["nextCursor"]
    assert refused(edge, source, run, f"limit=1&cursor={cursor}") == (400, "validation_error")
    edge.apply(source, run, planVersion=2)
    assert changes(edge, source, run, "since=1").keys() == {"edited", "later", "withdrawn"}


def test_last_earlier_plans_are_kept(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "a")
    run = edge.run(source)
    for _ in range(EARLIER_PLANS_KEPT + 1):
        plan_again(edge, source, run)
    assert refused(edge, source, run, "since=1") == (404, "not_found")
    for version in range(2, EARLIER_PLANS_KEPT + 3):
        assert changes(edge, source, run, f"since={version}") == {}


def test_run_that_has_expired_shows_no_contents(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "a")
    run = edge.run(source)
    edge.clock.advance(days=7)
    assert refused(edge, source, run, "include=content") == (409, "not_apply_eligible")
    assert changes(edge, source, run, "limit=5").keys() == {"a"}


def test_review_shows_nothing_of_what_was_taken_back(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "x", content="harmless")
    edge.push(source, "b")
    edge.publish(source)
    edge.push(source, "x", content=SECRET)
    published = edge.run(source)
    edge.apply(source, published)
    edge.push(source, "x", content=f"{SECRET} again")
    run, other = edge.run(source), edge.run(source)
    edge.request("DELETE", f"/v1/sources/{source}/items/x")
    edge.push(source, "c")
    plan_again(edge, source, run)
    assert SECRET in str(changes(edge, source, published))
    erasure = ask(edge, source, "x")
    # From the opening on, though the files are there for a while.
    for each in (run, other):
        assert refused(edge, source, each, "include=content") == (409, "stale_plan")
    assert refused(edge, source, run, "since=1") == (404, "not_found")
    assert SECRET not in str(edge.request("GET", f"/v1/sources/{source}/runs/{published}/changes").body)
    carry_out(edge, source, erasure["id"])
    found = edge.request("GET", f"/v1/sources/{source}/runs/{published}/changes", query="include=content").body
    assert (found["changes"], found["erasedCount"]) == ([], 1)
    # Both named it, and so can never be applied any more.
    assert refused(edge, source, run, "include=content") == (409, "not_apply_eligible")
    assert changes(edge, source, edge.run(source)).keys() == {"c"}


def test_contents_take_the_scope_of_items(edge: Edge) -> None:
    source = edge.source()
    edge.push(source, "a")
    run = edge.run(source)
    key = edge.key(edge.token, scopes=["runs:read"])
    reply = edge.request("GET", f"/v1/sources/{source}/runs/{run}/changes", query="include=content", key=key)
    assert (reply.status, reply.code) == (403, "insufficient_scope")
