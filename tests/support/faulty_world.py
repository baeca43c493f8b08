"""A source whose every AWS call is watched, with a ticking held clock, as the fault tier uses it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from botocore.exceptions import BotoCoreError
from knowledge.assembly import KnowledgeServices
from knowledge.errors import ItemNotFoundError, TransientApplyError
from knowledge.index.manifest import BuiltIndex
from knowledge.model import ObjectRef
from knowledge.ports import Action
from knowledge.runs.model import ApplyOutcome, Run
from knowledge.settings import Settings
from knowledge.storage.attributes import to_row

from testing.faults import Call, Faults, FunctionCrash
from testing.held_clock import HeldClock
from testing.inline_machine import InlineMachine
from testing.lifecycle import CountedIds, Lifecycle
from testing.wire import MemoryBucket
from tests.support.invariants import Reader, Stored, check_history, check_settled

OWN_TAKEOVER_SECONDS = 16
LEASE_SECONDS = 61
# What a planner that died may leave to wait for.
TURN_SECONDS = 181


class FunctionDiedError(Exception):
    """What Step Functions tells of a function that died: nothing of ours."""


class SurvivingMachine(InlineMachine):
    """A machine that outlives its functions, as Step Functions does."""

    def _task(self, step: dict[str, Any], state: dict[str, Any], action: Action) -> str:
        try:
            return super()._task(step, state, action)
        except FunctionCrash as crash:
            return self._caught(step, state, action, FunctionDiedError(str(crash)))


class FaultyWorld(Lifecycle):
    """A source, its watch, and a reader that holds it against the promises.

    The clock moves one millisecond at each call, so that no two moments are the same by accident.
    """

    def __init__(
        self, settings: Settings, dynamodb: Any, *, task_retries: int = 0, leaf_entries: int = 32, grace_days: int = 7
    ) -> None:
        self.watch = Faults()
        self.leaf_entries = leaf_entries
        clock = HeldClock()

        def tick(_: Call) -> None:
            clock.advance(ms=1)

        self.watch.gate = tick
        self.task_retries = task_retries

        def machine(knowledge: KnowledgeServices) -> InlineMachine:
            return SurvivingMachine(knowledge, retries=task_retries)

        # Behind the watch, for who looks at what is stored.
        self.dynamodb, self.bucket = dynamodb, MemoryBucket(clock=clock)
        super().__init__(
            settings,
            self.watch.clients(dynamodb, self.bucket),
            clock=clock,
            ids=CountedIds(),
            machine=machine,
            grace_days=grace_days,
        )
        self.reader = Reader(self, leaf_entries)

    def check(self) -> Stored:
        """Hold what is stored against what must be true at any moment."""
        # A task that fails in a way of its own is caught by the machine, so it has to be looked for.
        expected = (BotoCoreError, FunctionDiedError)
        unexpected = [error for error in self.knowledge.machine.caught if not isinstance(error, expected)]
        if unexpected:
            raise unexpected[0]
        stored = self.reader.read()
        check_history(self.reader, stored)
        assert not self.watch.puts.overwritten, "an object was overwritten"
        assert not self.watch.puts.unconditional, "an object was put without a condition"
        assert not self.watch.weak_reads, "a read may be older than what was acknowledged"
        own = f"/{self.tenant_id}/{self.source_id}/"
        assert all(own in key for key in self.watch.puts.digests), "an object lies outside its tenant"
        return stored

    def finish(self) -> Stored:
        """Publish everything that is staged and check that nothing was lost, torn, doubled or leaked.

        The item pushed first makes sure that there is something to publish.
        """
        self.clock.advance(seconds=TURN_SECONDS)
        self.push(**{"the-canary": f"at {self.clock.now}"})
        self.publish_patiently()
        stored = self.check()
        check_settled(stored, self.clock())
        again = self.run("full")
        assert again.plan is not None
        assert again.plan.counts.changes == again.plan.drops == 0, "a full run finds what incremental ones lost"
        return stored

    def publish_patiently(self, mode: str = "incremental") -> ApplyOutcome:
        """Run and apply, honouring `Retry-After`."""
        return self.apply_patiently(self.run(mode))

    def rival(self) -> Lifecycle:
        """Another process at work on the same source."""
        rival = Lifecycle(self.settings, self.clients, clock=self.clock, ids=self.ids)
        rival.source_id = self.source_id
        return rival

    def set_manifest(self, ref: ObjectRef) -> None:
        """Serve the current generation from another manifest behind the services' back, on the source's row alone."""
        key = {"pk": {"S": self.tenant_id}, "sk": {"S": f"source#{self.source_id}"}}
        self._set(key, "manifest = :value", {}, asdict(ref))

    def set_on_plan(self, run: Run, *, index: BuiltIndex) -> None:
        """Let a run's plan name another index."""
        key = {"pk": {"S": self.source_id}, "sk": {"S": f"run#{run.run_id}"}}
        self._set(key, "#plan.#index = :value", {"#plan": "plan", "#index": "index"}, asdict(index))

    def _set(self, key: Any, assignment: str, names: dict[str, str], value: Any) -> None:
        self.clients.dynamodb.update_item(
            TableName=self.settings.catalog_table,
            Key=key,
            UpdateExpression=f"SET {assignment}",
            ExpressionAttributeValues=to_row({":value": value}),
            **({"ExpressionAttributeNames": names} if names else {}),
        )

    def apply_after_refusal(self, run_id: str) -> ApplyOutcome:
        """Apply, and once more at once when the run was planned again."""
        try:
            return self.apply(run_id)
        except TransientApplyError:
            return self.apply(run_id)

    def remove_if_there(self, external_item_id: str) -> None:
        """Remove; a repeat that finds the item gone is a success, as it is for a client."""
        try:
            self.remove(external_item_id)
        except ItemNotFoundError:
            return
