"""Questions as rows: keys that follow from ids, and back as they were."""

from __future__ import annotations

from collections import Counter

import pytest
from knowledge.environments import Environment
from knowledge.ids import new_id
from knowledge.limits import QUESTION_KEPT_MS
from knowledge.questions.model import CitedItem, Feedback, KeptQuestion, Owner, QuestionKind, QuestionStatus
from knowledge.questions.rows import (
    SHARDS,
    asked_at,
    feedback_value,
    first_key_at,
    key_before,
    key_of,
    last_key_at,
    partitions_of,
    question_from,
    question_row,
)
from knowledge.storage.attributes import from_row, to_row

OWNER = Owner("ten_1", Environment.TEST)
NOW = 1_795_000_000_000


def kept(**rest: object) -> KeptQuestion:
    fields = {
        "question_id": new_id("ans", NOW),
        "owner": OWNER,
        "kind": QuestionKind.QUESTION,
        "text": "Why?",
        "status": QuestionStatus.ANSWERED,
        "source_ids": frozenset({"src_1"}),
        "asked_at": NOW,
        "cited": (CitedItem("src_1", "a#b"),),
    }
    return KeptQuestion(**{**fields, **rest})


@pytest.mark.parametrize(
    "question",
    [
        kept(),
        kept(cited=(), status=QuestionStatus.NOT_FOUND),
        kept(kind=QuestionKind.SEARCH, status=QuestionStatus.NO_RESULTS, hits=0, cited=()),
    ],
)
def test_a_question_comes_back_as_it_was(question: KeptQuestion) -> None:
    row = from_row(to_row(question_row(question)))
    assert question_from(row) == question
    assert row["expiresAt"] == (NOW + QUESTION_KEPT_MS) // 1000
    given = Feedback(False, None, NOW + 1)
    assert question_from({**row, "feedback": feedback_value(given)}).feedback == given


def test_a_usual_question_is_one_write_unit() -> None:
    row = to_row(question_row(kept(text="How long does it take until a refund arrives on my account?")))
    assert len(str(row)) < 1_024


def test_ids_are_in_the_order_of_asking_and_spread_over_every_partition() -> None:
    ids = [new_id("ans", NOW + number) for number in range(400)]
    keys = [key_of(OWNER, each) for each in ids]
    assert [sk for _, sk in keys] == sorted(sk for _, sk in keys)
    spread = Counter(pk for pk, _ in keys)
    assert spread.keys() == set(partitions_of(OWNER))
    assert max(spread.values()) < 3 * len(ids) / SHARDS
    assert [asked_at(each) for each in ids] == [NOW + number for number in range(400)]


def test_environments_and_tenants_share_no_partition() -> None:
    owners = [Owner(tenant, environment) for tenant in ("ten_1", "ten_2") for environment in Environment]
    names = [name for owner in owners for name in partitions_of(owner)]
    assert len(set(names)) == len(names) == 4 * SHARDS


def test_keys_of_a_time_lie_between_its_bounds() -> None:
    _, sk = key_of(OWNER, new_id("qst", NOW))
    assert first_key_at(NOW) <= sk <= last_key_at(NOW) < first_key_at(NOW + 1)
    assert key_before(first_key_at(NOW + 1)) == last_key_at(NOW)


@pytest.mark.parametrize("key", ["", "x", "I" * 26, "8" + "0" * 25])
def test_what_is_no_key_has_none_before_it(key: str) -> None:
    with pytest.raises(ValueError):
        key_before(key)
