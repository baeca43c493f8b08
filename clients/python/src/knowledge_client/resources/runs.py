"""Runs: what differs between the staging set and what is served, and publishing it."""

from __future__ import annotations

from typing import Unpack, cast

from knowledge_client import models
from knowledge_client.errors import FailedError
from knowledge_client.listing import Listing
from knowledge_client.resources.resource import Resource, path_to

# The API plans again by itself, and says so: whoever reviewed a plan must review that one.
_OTHER_THAN_REVIEWED = ("stale_plan", "stale_base")


class Runs(Resource):
    """`client.runs`."""

    def start(
        self,
        source_id: str,
        *,
        timeout_seconds: float = 900,
        idempotency_key: str | None = None,
        **run: Unpack[models.CreateRunRequest],
    ) -> models.Run:
        """Find what differs, and wait for it; raises FailedError when it can't be planned, StillUnderWayError."""
        path = path_to("sources", source_id, "runs")
        begun = self._api.write("POST", path, run, idempotency_key=idempotency_key)["run"]
        if begun["state"] == "planning":
            return self.wait(source_id, begun["id"], timeout_seconds=timeout_seconds)
        return _planned(cast(models.Run, begun))

    def wait(self, source_id: str, run_id: str, *, timeout_seconds: float = 900) -> models.Run:
        """Wait until a run is planned; raises FailedError when it can't be, StillUnderWayError."""
        run = self._wait(
            lambda: self.get(source_id, run_id), lambda run: run["state"] == "planning", run_id, timeout_seconds
        )
        return _planned(run)

    def get(self, source_id: str, run_id: str) -> models.Run:
        """Read a run."""
        return cast(models.Run, self._api.get(path_to("sources", source_id, "runs", run_id))["run"])

    def list(self, source_id: str, **query: Unpack[models.ListRunsQuery]) -> Listing[models.Run]:
        """List a source's runs, the newest first."""
        return Listing(self._api, path_to("sources", source_id, "runs"), "runs", query)

    def changes(
        self, source_id: str, run_id: str, *, with_content: bool = False, **query: Unpack[models.ListChangesQuery]
    ) -> Listing[models.RunChange]:
        """List what a run would change: all, or one `change` such as `removed`.

        `with_content` tells each item `before` and `after`, in the fields that differ.
        """
        path = path_to("sources", source_id, "runs", run_id, "changes")
        return Listing(self._api, path, "changes", query, with_content=with_content)

    def apply(
        self,
        source_id: str,
        run_id: str,
        *,
        idempotency_key: str | None = None,
        **more: Unpack[models.ApplyRunRequest],
    ) -> models.PublishedResponse:
        """Publish a run.

        With the `planVersion` that was reviewed, a run that was planned again since raises ConflictError (`stale_plan`,
        `stale_base`) and publishes nothing. Without one it is published as it was planned anew.
        """
        answer = self._api.write(
            "POST",
            path_to("sources", source_id, "runs", run_id, "apply"),
            more,
            idempotency_key=idempotency_key,
            final_codes=_OTHER_THAN_REVIEWED if more.get("planVersion") is not None else (),
        )
        return cast(models.PublishedResponse, answer)

    def discard(
        self,
        source_id: str,
        run_id: str,
        *,
        idempotency_key: str | None = None,
        **more: Unpack[models.DiscardRunRequest],
    ) -> models.Run:
        """Decide that a run is not to be published; twice is the same as once."""
        path = path_to("sources", source_id, "runs", run_id, "discard")
        return cast(models.Run, self._api.write("POST", path, more, idempotency_key=idempotency_key)["run"])


def _planned(run: models.Run) -> models.Run:
    if run["state"] == "failed":
        why = run["lastError"] or {"code": "run_failed", "message": "the run failed"}
        raise FailedError(f"{run['id']}: {why['message']}", why["code"], run)
    return run
