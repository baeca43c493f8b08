"""Every line of the published description, in our words, and the tests that hold it.

A line is known by the first 12 hex digits of SHA-256 over its words with single spaces between them, so the
description itself need not be here. `published_lines.digest` makes them.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple


class Line(NamedTuple):
    """What a line says, and its tests as `<end of the file's name>::<function>`; none where it promises nothing."""

    digest: str
    says: str
    tests: tuple[str, ...] = ()


def digest(line: str) -> str:
    """Name a line by its words."""
    return hashlib.sha256(" ".join(line.split()).encode()).hexdigest()[:12]


LINES = (
    Line("5a28dfa13bad", "a heading"),
    Line(
        "9a45c8bf4f60",
        "content is pushed by programs into the lifecycle that all connectors share",
        (
            "concepts::test_staging_set_is_changed_by_pushes_removals_and_snapshots_and_read_by_runs",
            "concepts::test_apply_publishes_a_new_generation_that_is_served_at_once",
        ),
    ),
    Line(
        "6f83f6413c4b",
        "openapi.yaml is the contract",
        (
            "openapi::test_every_route_is_documented_and_every_operation_is_routed",
            "schemathesis::test_no_case_finds_what_the_document_does_not_say",
        ),
    ),
    Line("d8305010e172", "every path is below a base path", ("concepts::test_base_path_is_api",)),
    Line("1ddacc9da9b2", "the base path, with an example", ("concepts::test_base_path_is_api",)),
    Line("437aea62a5bd", "a heading"),
    Line("83dff550e103", "a topic"),
    Line("608cda89b9cb", "a topic"),
    Line("3ed532bc086d", "keys can be rotated", ("concepts::test_key_is_rotated_while_both_work",)),
    Line(
        "8c3c359d0dc0",
        "items go one by one, in batches and as snapshots; removed ones become tombstones",
        (
            "concepts::test_staging_set_is_changed_by_pushes_removals_and_snapshots_and_read_by_runs",
            "concepts::test_removed_item_becomes_a_tombstone_once_its_grace_is_over",
        ),
    ),
    Line(
        "06c0467e943d",
        "runs are published",
        ("concepts::test_apply_publishes_a_new_generation_that_is_served_at_once",),
    ),
    Line("11958952569d", "a topic"),
    Line("04df7895abc2", "a topic"),
    Line("396b58829f69", "a topic"),
    Line("665db1049c91", "a topic of which nothing more is published: webhooks"),
    Line("c52cd576e0c6", "a topic of which nothing more is published: examples"),
    Line("0d0a8c6df3ac", "a heading"),
    Line(
        "c8512568c0eb",
        "pushing, running, applying, serving, in this order",
        ("concepts::test_apply_publishes_a_new_generation_that_is_served_at_once",),
    ),
    Line("4199ba454d6d", "a rule of a table"),
    Line(
        "06937acac0d9",
        "what a source is and owns",
        ("concepts::test_source_is_of_its_type_and_owns_its_items_runs_and_generations",),
    ),
    Line("0a80406cd98f", "what an item is, and that its id names it", ("concepts::test_same_id_is_the_same_item",)),
    Line(
        "bc3fe0cb04a4",
        "what the staging set is, how it changes and who reads it",
        ("concepts::test_staging_set_is_changed_by_pushes_removals_and_snapshots_and_read_by_runs",),
    ),
    Line(
        "fdf16b64f210",
        "what a run does, and that it is over when it is answered",
        (
            "concepts::test_run_compares_with_what_was_applied_last_and_records_it",
            "concepts::test_run_is_finished_when_it_is_answered",
        ),
    ),
    Line(
        "916c39b8b116",
        "what an apply does, and that it is served at once",
        ("concepts::test_apply_publishes_a_new_generation_that_is_served_at_once",),
    ),
    Line("fe6b8c70c7a1", "a generation never changes", ("concepts::test_generation_never_changes",)),
    Line(
        "4929a650284b",
        "the golden rule: discovery, grace, and what a push leaves alone",
        (
            "concepts::test_removed_item_becomes_a_tombstone_once_its_grace_is_over",
            "concepts::test_run_that_saw_only_part_of_the_set_makes_no_tombstones",
            "concepts::test_rolling_push_or_batch_touches_only_what_it_names",
        ),
    ),
    Line("d3b2aefa7524", "a heading"),
    Line(
        "013ddad4a10c",
        "an administrator makes the first key",
        ("concepts::test_administrator_creates_a_key_whose_secret_is_shown_once",),
    ),
    Line(
        "9a9fced3390d",
        "its secret is shown once",
        ("concepts::test_administrator_creates_a_key_whose_secret_is_shown_once",),
    ),
    Line("73d77dd377b2", "how a key looks", ("concepts::test_key_looks_as_it_is_shown",)),
    Line(
        "c086a53cbd0a", "the quickstart makes a source", ("concepts::test_quickstart_ends_with_a_published_generation",)
    ),
    Line(
        "9647d2f490bf", "the quickstart pushes an item", ("concepts::test_quickstart_ends_with_a_published_generation",)
    ),
    Line(
        "237a6e1ca49a", "the quickstart starts a run", ("concepts::test_quickstart_ends_with_a_published_generation",)
    ),
    Line(
        "863362c478f6",
        "the quickstart publishes, and the answer of that",
        ("concepts::test_quickstart_ends_with_a_published_generation",),
    ),
    Line("18bb59beef0f", "a heading"),
    Line(
        "3e09dfb6fc5c",
        "every mutating request takes a key",
        (
            "retries::test_every_mutating_request_takes_an_idempotency_key",
            "retries::test_key_may_be_any_unique_text",
        ),
    ),
    Line("b1be0999c797", "a UUID will do, and retries are safe", ("retries::test_key_may_be_any_unique_text",)),
    Line(
        "b25ad8d0f1d6",
        "the same request again is a replay",
        ("retries::test_same_key_and_payload_replays_the_first_result",),
    ),
    Line(
        "bedb157088ee",
        "another request under the same key is refused",
        ("retries::test_same_key_with_another_payload_is_409",),
    ),
    Line(
        "cf961fdd3b1e",
        "with which code; and how long keys are kept",
        (
            "retries::test_same_key_with_another_payload_is_409",
            "retries::test_key_is_kept_for_24_hours",
        ),
    ),
    Line("6d261a875531", "pushing an item twice is safe by itself", ("retries::test_upsert_needs_no_key_to_be_safe",)),
    Line("12861c51b0fa", "no duplicates without a key either", ("retries::test_upsert_needs_no_key_to_be_safe",)),
    Line(
        "23fe35c3c5fd",
        "batches and runs are retried as a unit",
        (
            "retries::test_batch_with_a_key_is_retried_as_a_unit",
            "retries::test_run_with_a_key_is_made_once",
        ),
    ),
    Line("f15c18763100", "an example of that, and a heading", ("retries::test_batch_with_a_key_is_retried_as_a_unit",)),
    Line(
        "6322f3b1d941",
        "the limit is the key's, whatever the address, and its default",
        (
            "retries::test_key_has_120_requests_a_minute_unless_it_says_otherwise",
            "retries::test_limit_is_the_keys_and_not_the_addresses",
        ),
    ),
    Line(
        "c29ee941ec6e", "the status and header past it", ("retries::test_refusal_for_the_rate_is_exactly_as_published",)
    ),
    Line(
        "30a227cbc50e",
        "the body past it, that waiting helps, and that keys are apart",
        (
            "retries::test_refusal_for_the_rate_is_exactly_as_published",
            "retries::test_request_after_the_indicated_delay_is_let_in",
            "retries::test_noisy_workload_is_isolated_by_a_key_of_its_own",
        ),
    ),
    Line("cb702378f315", "a heading"),
    Line("e3769ec69056", "all errors have one shape", ("errors::check",)),
    Line("f2ff55398a20", "that shape, and the head of a table", ("errors::check",)),
    Line("23cca02b74f3", "a rule of a table"),
    Line("b731608114af", "a row", ("errors::test_400_validation_error",)),
    Line(
        "74b5a204345d",
        "a row",
        (
            "errors::test_400_invalid_json",
            "errors::test_400_invalid_body",
        ),
    ),
    Line("cc9abbb69efb", "a row", ("errors::test_401_unauthorized",)),
    Line(
        "40fa17389565",
        "a row",
        (
            "errors::test_401_invalid_key",
            "errors::test_401_key_expired",
            "errors::test_401_key_revoked",
        ),
    ),
    Line("a7a1d5a98571", "a row", ("errors::test_403_insufficient_scope",)),
    Line(
        "1779b61db69b",
        "a row",
        (
            "errors::test_404_not_found",
            "concepts::test_source_of_another_type_is_not_there",
        ),
    ),
    Line("23695e56499d", "a row", ("errors::test_409_idempotency_conflict",)),
    Line("df8d8ac89771", "a row", ("errors::test_409_idempotency_in_progress",)),
    Line("14f744024088", "a row", ("errors::test_409_source_inactive",)),
    Line("33b8e73f93f7", "a row", ("errors::test_409_not_apply_eligible",)),
    Line(
        "6c99c3db4705",
        "a row",
        (
            "errors::test_409_apply_conflict",
            "errors::test_409_stale_plan",
            "errors::test_409_stale_base",
            "errors::test_409_lease_lost",
            "errors::test_409_apply_in_progress",
        ),
    ),
    Line(
        "927bb58ef414",
        "a row",
        (
            "errors::test_413_payload_too_large_over_1_mib_alone",
            "errors::test_413_payload_too_large_over_8_mib_in_a_batch",
        ),
    ),
    Line("f455aec2e1c7", "a row", ("errors::test_415_unsupported_media_type",)),
    Line("588679a2abca", "a row", ("errors::test_429_rate_limited",)),
    Line("2aa8a697a91b", "a row", ("errors::test_502_build_failed",)),
)
