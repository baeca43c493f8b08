"""Every text and setting that says a figure of `knowledge.limits` says the one that counts.

A text can't read the module, so the sentences that hold a figure are listed here, written with it. To change a limit is
to change its line there: the tests of this module then name each sentence and setting that is out of date.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from knowledge import limits as at
from knowledge.times import MS_PER_HOUR
from knowledge.words import duration_words, size_words
from search import limits as search
from webhooks.deliveries.schedule import DELAYS_SECONDS

from local.template.load import ROOT, read_template

lasting = duration_words
large = size_words


def number(value: int) -> str:
    """A number as texts write it: in groups of three from 10 000 on, or with a space from 1 000 on."""
    return f"{value:,}".replace(",", " ")


def hours(milliseconds: int) -> str:
    """A time in hours."""
    return f"{milliseconds // MS_PER_HOUR} hours"


def fifths(percent: int) -> str:
    """A share in words."""
    return {60: "three fifths", 80: "four fifths"}[percent]


ONE, MANY = f"1 to {at.EXTERNAL_ITEM_ID_BYTES} bytes", f"{at.GENERATIONS_KEPT}"
# Each is a limit, a file, and how the file says it.
SENTENCES = [
    ("GENERATIONS_KEPT", "docs/publishing.md", f"**Kept** are the last {MANY} generations"),
    ("GENERATIONS_KEPT", "docs/architecture.md", f"retired (not among the last {MANY},"),
    ("GENERATIONS_KEPT", "docs/operations/restore.md", f"The last {MANY} generations and all"),
    ("GENERATIONS_KEPT", "docs/operations/pay.md", f"| generations | the last {MANY} of a source"),
    ("GENERATIONS_KEPT", "openapi.yaml", f"The last {MANY} are, and others"),
    ("GENERATION_KEPT_MS", "docs/publishing.md", f"every other for {lasting(at.GENERATION_KEPT_MS)} after it was"),
    ("GENERATION_KEPT_MS", "docs/architecture.md", f"superseded for {lasting(at.GENERATION_KEPT_MS)})"),
    (
        "GENERATION_KEPT_MS",
        "docs/operations/restore.md",
        f"all of the last {lasting(at.GENERATION_KEPT_MS)} can be restored",
    ),
    ("GENERATION_KEPT_MS", "docs/operations/pay.md", f"superseded less than {lasting(at.GENERATION_KEPT_MS)} ago"),
    ("GENERATION_KEPT_MS", "openapi.yaml", f"others for {lasting(at.GENERATION_KEPT_MS)} after they were superseded"),
    ("ITEMS_LOOKED_AT", "docs/publishing.md", f"all items, {number(at.ITEMS_LOOKED_AT)} a page at most"),
    ("ITEMS_LOOKED_AT", "openapi.yaml", f"a page looks at {number(at.ITEMS_LOOKED_AT)} items at most"),
    ("HISTORY_GENERATIONS", "docs/publishing.md", f"A page looks at {at.HISTORY_GENERATIONS} generations at most"),
    ("HISTORY_GENERATIONS", "openapi.yaml", f"A page looks at {at.HISTORY_GENERATIONS} generations at most"),
    ("RUN_KEPT_MS", "docs/publishing.md", f"can be applied for {lasting(at.RUN_KEPT_MS)} after it was planned"),
    ("RUN_KEPT_MS", "docs/operations/pay.md", f"| runs | can be applied for {lasting(at.RUN_KEPT_MS)} |"),
    ("RUN_KEPT_MS", "docs/errors.md", f"or is older than {lasting(at.RUN_KEPT_MS)}"),
    ("RUN_KEPT_MS", "docs/architecture.md", f"marks runs expired ({lasting(at.RUN_KEPT_MS)})"),
    ("EARLIER_PLANS_KEPT", "docs/publishing.md", f"the last {at.EARLIER_PLANS_KEPT} plans before"),
    ("EARLIER_PLANS_KEPT", "openapi.yaml", f"one of the last {at.EARLIER_PLANS_KEPT} before this one"),
    ("UNPLANNED_RUN_KEPT_MS", "docs/architecture.md", f"marks runs expired ({lasting(at.UNPLANNED_RUN_KEPT_MS)})"),
    ("TOMBSTONE_KEPT_MS", "docs/items.md", f"{lasting(at.TOMBSTONE_KEPT_MS)} after it was dropped"),
    ("TOMBSTONE_KEPT_MS", "docs/items.md", f"is remembered for {lasting(at.TOMBSTONE_KEPT_MS)}, so that"),
    ("TOMBSTONE_KEPT_MS", "docs/operations/pay.md", f"the row goes {lasting(at.TOMBSTONE_KEPT_MS)} later"),
    ("TOMBSTONE_KEPT_MS", "docs/concepts.md", f"tombstoned --> [*]: {lasting(at.TOMBSTONE_KEPT_MS)} later"),
    ("SNAPSHOT_OPEN_MS", "docs/items.md", f"not completed within {lasting(at.SNAPSHOT_OPEN_MS)} expires"),
    ("SNAPSHOT_OPEN_MS", "openapi.yaml", f"It expires after {hours(at.SNAPSHOT_OPEN_MS)}"),
    ("UPLOAD_LINK_SECONDS", "docs/auth.md", f"until its {lasting(at.UPLOAD_LINK_SECONDS * 1000)[3:]} is over"),
    ("UPLOAD_LINK_SECONDS", "docs/operations/runbook.md", f"for uploads for {lasting(at.UPLOAD_LINK_SECONDS * 1000)}"),
    ("DOWNLOAD_LINK_SECONDS", "docs/imports.md", f"`report.url` for {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)} at a"),
    ("DOWNLOAD_LINK_SECONDS", "docs/auth.md", f"works until it is {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)} old"),
    (
        "DOWNLOAD_LINK_SECONDS",
        "docs/operations/runbook.md",
        f"work for {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)}, those",
    ),
    ("DOWNLOAD_LINK_SECONDS", "openapi.yaml", f"a link for {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)} to the report"),
    ("DOWNLOAD_LINK_SECONDS", "openapi.yaml", f"A link for {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)}; null in lists"),
    ("IMPORT_KEY_LOOK_MS", "docs/auth.md", f"nothing more within {lasting(at.IMPORT_KEY_LOOK_MS)} and the lines"),
    ("INFLATION_FACTOR", "docs/imports.md", f"and beyond that to {at.INFLATION_FACTOR} times its size"),
    ("INFLATION_FACTOR", "docs/errors.md", f"and {at.INFLATION_FACTOR} times the size of the gzip file"),
    ("INFLATION_FREE_BYTES", "docs/imports.md", f"may inflate to {large(at.INFLATION_FREE_BYTES)} whatever its size"),
    ("INFLATION_FREE_BYTES", "docs/errors.md", f"or over {large(at.INFLATION_FREE_BYTES)} and"),
    ("IMPORT_LINES", "docs/imports.md", f"a file at most {number(at.IMPORT_LINES)} lines"),
    ("IMPORT_LINES", "docs/errors.md", f"over {number(at.IMPORT_LINES)} lines"),
    ("MAX_REJECTED_LINES", "docs/imports.md", f"how many an import stands: {number(at.MAX_REJECTED_LINES)}, or none"),
    ("MAX_REJECTED_LINES", "docs/imports.md", f"stand {number(at.MAX_REJECTED_LINES)} bad lines, with `apply`"),
    ("MAX_REJECTED_LINES", "openapi.yaml", f"publishes nothing. {number(at.MAX_REJECTED_LINES)} unless you say"),
    ("IMPORTS_UNDER_WAY", "docs/imports.md", f"At most {at.IMPORTS_UNDER_WAY} imports of a tenant are under way"),
    ("IMPORTS_UNDER_WAY", "docs/errors.md", f"{at.IMPORTS_UNDER_WAY} imports of the tenant are under way"),
    ("IMPORTS_UNDER_WAY", "openapi.yaml", f"At most {at.IMPORTS_UNDER_WAY} imports of a tenant are under way, and"),
    ("IMPORTS_UNDER_WAY", "openapi.yaml", f"`import_limit`: {at.IMPORTS_UNDER_WAY} imports of the tenant"),
    ("SOURCES", "docs/errors.md", f"the tenant has {number(at.SOURCES)} sources, archived"),
    ("SYNONYMS_BYTES", "openapi.yaml", f"at most {at.SYNONYMS_BYTES} bytes of UTF-8 together"),
    ("SOURCE_LABEL_CHARACTERS", "docs/idempotency.md", f"1 to {at.SOURCE_LABEL_CHARACTERS} letters, digits"),
    ("SYNONYMS_BYTES", "docs/concepts.md", f"and {large(at.SYNONYMS_BYTES)} of UTF-8 together"),
    ("SYNONYM_GROUPS", "docs/concepts.md", f"up to {at.SYNONYM_GROUPS} groups of {at.MIN_SYNONYMS_A_GROUP} to"),
    ("SYNONYMS_A_GROUP", "docs/concepts.md", f"{at.MIN_SYNONYMS_A_GROUP} to {at.SYNONYMS_A_GROUP} texts"),
    ("SYNONYM_CHARACTERS", "docs/concepts.md", f"texts of 1 to {at.SYNONYM_CHARACTERS} characters"),
    ("DEFAULT_TITLE_WEIGHT", "docs/concepts.md", f"| `titleWeight` | {at.DEFAULT_TITLE_WEIGHT} |"),
    ("MIN_TITLE_WEIGHT", "docs/concepts.md", f"{at.MIN_TITLE_WEIGHT} to {at.MAX_TITLE_WEIGHT}"),
    ("MAX_TITLE_WEIGHT", "docs/concepts.md", f"to {at.MAX_TITLE_WEIGHT}, with at most"),
    ("TITLE_WEIGHT_DECIMALS", "docs/concepts.md", f"with at most {at.TITLE_WEIGHT_DECIMALS} decimals"),
    ("TITLE_WEIGHT_DECIMALS", "openapi.yaml", f"the text; at most {at.TITLE_WEIGHT_DECIMALS} decimals"),
    ("SOURCES", "openapi.yaml", f"`source_limit`: the tenant has {number(at.SOURCES)} sources"),
    ("UPLOAD_AWAITED_MS", "docs/imports.md", f"no file yet; none within {lasting(at.UPLOAD_AWAITED_MS)}"),
    ("IMPORT_SILENT_MS", "docs/imports.md", f"nobody has worked on for {lasting(at.IMPORT_SILENT_MS)} gives"),
    ("ERASURE_ITEMS", "docs/erasing.md", f"Up to {number(at.ERASURE_ITEMS)} items at once"),
    ("ERASURE_WAIT_MS", "docs/erasing.md", f"for {lasting(at.ERASURE_WAIT_MS)}, until nobody can be reading"),
    ("RETRY_KNOWN_MS", "docs/idempotency.md", f"It is known for {hours(at.RETRY_KNOWN_MS)}"),
    ("RETRY_KNOWN_MS", "docs/errors.md", f"another request in the last {hours(at.RETRY_KNOWN_MS)}"),
    ("RETRY_KNOWN_MS", "docs/operations/pay.md", f"| recorded answers (Idempotency-Key) | {hours(at.RETRY_KNOWN_MS)};"),
    ("RETRY_KNOWN_MS", "openapi.yaml", f"Makes a retry safe for {hours(at.RETRY_KNOWN_MS)}"),
    ("ENDED_KEY_COUNTED_MS", "docs/rate-limits.md", "count for two minutes more"),
    ("ENDED_KEY_COUNTED_MS", "openapi.yaml", "has expired counts for two minutes more"),
    ("ENDED_KEY_KEPT_MS", "docs/auth.md", f"is known for {lasting(at.ENDED_KEY_KEPT_MS)}"),
    ("DEFAULT_OVERLAP_SECONDS", "docs/auth.md", f"{hours(at.DEFAULT_OVERLAP_SECONDS * 1000)} from now unless"),
    ("DEFAULT_OVERLAP_SECONDS", "docs/webhooks.md", f"({lasting(at.DEFAULT_OVERLAP_SECONDS * 1000)} unless you say"),
    ("MAX_OVERLAP_SECONDS", "docs/auth.md", f"(0 to {lasting(at.MAX_OVERLAP_SECONDS * 1000)})"),
    ("DELIVERY_KEPT_MS", "docs/webhooks.md", f"each delivery of the last {lasting(at.DELIVERY_KEPT_MS)}"),
    ("DELIVERY_KEPT_MS", "openapi.yaml", f"Deliveries are kept for {lasting(at.DELIVERY_KEPT_MS)}"),
    ("WEBHOOK_FAILING_MS", "openapi.yaml", f"`failing` (for {lasting(at.WEBHOOK_FAILING_MS)})"),
    ("ATTEMPTS_SHOWN", "docs/webhooks.md", f"the last {at.ATTEMPTS_SHOWN} attempts of each delivery"),
    ("ATTEMPTS_SHOWN", "openapi.yaml", f"with their last {at.ATTEMPTS_SHOWN} attempts"),
    (
        "IMPORT_FILES_KEPT_DAYS",
        "docs/operations/pay.md",
        f"reports of imports | {at.IMPORT_FILES_KEPT_DAYS} days",
    ),
    ("IMPORT_FILES_KEPT_DAYS", "docs/imports.md", f"and is kept for {at.IMPORT_FILES_KEPT_DAYS} days"),
    ("RECORDED_ANSWERS_KEPT_DAYS", "docs/operations/pay.md", f"in the bucket for {at.RECORDED_ANSWERS_KEPT_DAYS} days"),
    (
        "DELETED_OBJECTS_KEPT_DAYS",
        "docs/operations/restore.md",
        f"be brought back for {at.DELETED_OBJECTS_KEPT_DAYS} days",
    ),
    (
        "DELETED_OBJECTS_KEPT_DAYS",
        "docs/operations/pay.md",
        f"from the bucket | {at.DELETED_OBJECTS_KEPT_DAYS} days more",
    ),
    ("DEAD_LETTERS_KEPT_DAYS", "docs/operations/pay.md", f"| dead letters | {at.DEAD_LETTERS_KEPT_DAYS} days |"),
    ("LOGS_KEPT_DAYS", "docs/operations/deploy.md", f"| `LogRetentionDays` | {at.LOGS_KEPT_DAYS} |"),
    ("EXTERNAL_ITEM_ID_BYTES", "docs/items.md", f"yours; {ONE}"),
    ("EXTERNAL_ITEM_ID_BYTES", "openapi.yaml", f"control characters, {ONE} of UTF-8"),
    ("EXTERNAL_ITEM_ID_BYTES", "openapi.yaml", f"At most {at.EXTERNAL_ITEM_ID_BYTES} bytes of UTF-8, and neither"),
    ("TITLE_CHARACTERS", "docs/items.md", f"| `title` | 1 to {at.TITLE_CHARACTERS} characters |"),
    ("TITLE_CHARACTERS", "openapi.yaml", f"must have 1 to {at.TITLE_CHARACTERS} characters"),
    ("CONTENT_BYTES", "docs/items.md", f"| `content` | 1 byte to {large(at.CONTENT_BYTES)} |"),
    ("CONTENT_BYTES", "docs/errors.md", f"must have 1 to {at.CONTENT_BYTES} bytes of UTF-8"),
    ("CONTENT_BYTES", "openapi.yaml", f"1 byte to {large(at.CONTENT_BYTES)} of UTF-8"),
    ("URL_BYTES", "docs/items.md", f"http or https, up to {number(at.URL_BYTES)} bytes"),
    ("URL_BYTES", "openapi.yaml", f"http or https, at most {number(at.URL_BYTES)} bytes"),
    ("LANGUAGE_CHARACTERS", "docs/items.md", f"up to {at.LANGUAGE_CHARACTERS} characters"),
    ("TAGS", "docs/items.md", f"| `tags` | up to {at.TAGS}, each"),
    ("TAG_CHARACTERS", "docs/items.md", f"each of {at.TAG_CHARACTERS} characters"),
    ("METADATA_BYTES", "docs/items.md", f"a JSON object of up to {large(at.METADATA_BYTES)}"),
    ("METADATA_BYTES", "openapi.yaml", f"JSON object of at most {large(at.METADATA_BYTES)}"),
    ("METADATA_LEVELS", "docs/items.md", f"nested up to {at.METADATA_LEVELS} levels deep"),
    ("METADATA_LEVELS", "openapi.yaml", f"nested at most {at.METADATA_LEVELS} levels deep"),
    ("INLINE_MEMBER_BYTES", "docs/architecture.md", f"contents over {large(at.INLINE_MEMBER_BYTES)}"),
    ("BODY_BYTES", "docs/items.md", f"An item in a body of up to {large(at.BODY_BYTES)}"),
    ("BODY_BYTES", "docs/errors.md", f"over {large(at.BODY_BYTES)}, or {large(at.BATCH_BODY_BYTES)} for a batch"),
    ("BODY_BYTES", "openapi.yaml", f"over {large(at.BODY_BYTES)} ({large(at.BATCH_BODY_BYTES)} for a batch)"),
    ("BATCH_BODY_BYTES", "docs/items.md", f"items and removals, and {large(at.BATCH_BODY_BYTES)}"),
    ("BATCH_BODY_BYTES", "docs/operations/pay.md", f"| a body | {large(at.BATCH_BODY_BYTES)} after decompression"),
    ("GATEWAY_BODY_BYTES", "openapi.yaml", f"if it is over {large(at.GATEWAY_BODY_BYTES)})"),
    ("BATCH_ENTRIES", "docs/items.md", f"A batch takes up to {number(at.BATCH_ENTRIES)} items and removals"),
    ("CLIENT_REQUEST_ID_CHARACTERS", "docs/conditions.md", f"1 to {at.CLIENT_REQUEST_ID_CHARACTERS} letters, digits"),
    ("GZIP_FROM_BYTES", "docs/conditions.md", f"Answers of {at.GZIP_FROM_BYTES // 1024} KiB and more are gzipped"),
    ("GZIP_FROM_BYTES", "openapi.yaml", f"One of {at.GZIP_FROM_BYTES // 1024} KiB and more comes gzipped"),
    ("IDEMPOTENCY_KEY_CHARACTERS", "docs/idempotency.md", f"1 to {at.IDEMPOTENCY_KEY_CHARACTERS} printable ASCII"),
    ("IDEMPOTENCY_KEY_CHARACTERS", "openapi.yaml", f"1 to {at.IDEMPOTENCY_KEY_CHARACTERS} printable ASCII"),
    ("ANSWER_BYTES", "docs/search.md", f"A page ends at `limit` or at {large(at.ANSWER_BYTES)},"),
    (
        "ANSWER_QUESTION_CHARACTERS",
        "docs/answers.md",
        f"write it, up to {number(at.ANSWER_QUESTION_CHARACTERS)} characters",
    ),
    ("ANSWER_ITEMS", "docs/answers.md", f"The {at.ANSWER_ITEMS} best hits of the question are read"),
    ("ANSWER_TEXT_CHARACTERS", "docs/answers.md", f"the first {number(at.ANSWER_TEXT_CHARACTERS)} characters of each"),
    ("ANSWER_PASSAGES", "docs/answers.md", f"The {at.ANSWER_PASSAGES} passages that say most"),
    ("ANSWER_SENTENCES", "docs/answers.md", f"Up to {at.ANSWER_SENTENCES} sentences are the answer"),
    ("ANSWER_CITATIONS", "docs/answers.md", f"| `citations` | up to {at.ANSWER_CITATIONS}: `n`"),
    ("ASSISTANT_TEXT_CHARACTERS", "docs/assistants.md", f"More than {number(at.ASSISTANT_TEXT_CHARACTERS)} characters"),
    ("ASSISTANT_BATCH_MESSAGES", "docs/assistants.md", f"batches of up to {at.ASSISTANT_BATCH_MESSAGES} messages"),
    ("ASSISTANT_BATCH_MESSAGES", "openapi.yaml", f"up to {at.ASSISTANT_BATCH_MESSAGES} messages, answered"),
    ("DEFAULT_SEARCH_PAGE_RESULTS", "docs/assistants.md", f"`limit` ({at.DEFAULT_SEARCH_PAGE_RESULTS}, up to"),
    ("SEARCH_PAGE_RESULTS", "docs/assistants.md", f"up to {at.SEARCH_PAGE_RESULTS}) and `sourceIds`"),
    ("DOWNLOAD_LINK_SECONDS", "docs/search.md", f"with `content`, for {lasting(at.DOWNLOAD_LINK_SECONDS * 1000)},"),
    ("ANSWER_BYTES", "docs/items.md", f"(it ends at {large(at.ANSWER_BYTES)})"),
    ("ANSWER_BYTES", "openapi.yaml", f"Either ends a page at {large(at.ANSWER_BYTES)}."),
    ("ANSWER_BYTES", "openapi.yaml", f"it ends at {large(at.ANSWER_BYTES)} in any case"),
    ("UPLOAD_BYTES", "docs/imports.md", f"{large(at.UPLOAD_BYTES)} to upload"),
    ("UPLOAD_BYTES", "openapi.yaml", f"of up to {large(at.UPLOAD_BYTES)}"),
    ("INFLATED_BYTES", "docs/imports.md", f"and {large(at.INFLATED_BYTES)} plain"),
    ("LINE_BYTES", "docs/imports.md", f"A line holds at most {large(at.LINE_BYTES)}"),
    ("LINE_BYTES", "openapi.yaml", f"one item a line of at most {large(at.LINE_BYTES)}"),
    ("REPORTED_PROBLEMS", "docs/imports.md", f"up to {number(at.REPORTED_PROBLEMS)} faults"),
    ("REPORTED_PROBLEMS", "openapi.yaml", f"up to about {number(at.REPORTED_PROBLEMS)}"),
    ("PROBLEMS_A_LINE", "docs/imports.md", f"faults and {at.PROBLEMS_A_LINE} a line"),
    ("PAGE_ENTRIES", "docs/items.md", f"`limit` is up to {number(at.PAGE_ENTRIES)};"),
    ("CONTENT_PAGE_ENTRIES", "docs/items.md", f"with `include=content` a page has {at.CONTENT_PAGE_ENTRIES} at most"),
    ("CONTENT_PAGE_ENTRIES", "openapi.yaml", f"with `include=content` {at.CONTENT_PAGE_ENTRIES} at most"),
    ("BATCH_ENTRIES", "docs/rate-limits.md", f"{number(at.BATCH_ENTRIES)} items are one request"),
    ("BATCH_ENTRIES", "openapi.yaml", f"At most {number(at.BATCH_ENTRIES)} items and removals together"),
    ("BATCH_ENTRIES", "openapi.yaml", f"The whole staging set: at most {number(at.BATCH_ENTRIES)} items"),
    ("BATCH_ENTRIES", "openapi.yaml", f"At most {number(at.BATCH_ENTRIES)} items, each id once"),
    ("BODY_BYTES", "openapi.yaml", f"The body is larger than {large(at.BODY_BYTES)}, counted"),
    ("SNAPSHOT_PARTS", "openapi.yaml", f"The number of a part, 1 to {number(at.SNAPSHOT_PARTS)},"),
    ("PROBLEMS_SHOWN", "docs/errors.md", f"every fault it found, up to {at.PROBLEMS_SHOWN}, in"),
    ("PROBLEMS_SHOWN", "openapi.yaml", f"every fault, at most {at.PROBLEMS_SHOWN} of them"),
    ("KEY_SOURCES", "docs/auth.md", f"limits a key to up to {at.KEY_SOURCES} sources"),
    ("DEFAULT_RATE_LIMIT_PER_MINUTE", "openapi.yaml", f"`{at.DEFAULT_RATE_LIMIT_PER_MINUTE}` by default, of a"),
    ("DEFAULT_RATE_LIMIT_PER_MINUTE", "docs/auth.md", f"is {at.DEFAULT_RATE_LIMIT_PER_MINUTE} unless you ask"),
    ("MAX_RATE_LIMIT_PER_MINUTE", "docs/auth.md", f"(up to {number(at.MAX_RATE_LIMIT_PER_MINUTE)})"),
    ("MAX_RATE_LIMIT_PER_MINUTE", "docs/rate-limits.md", f"goes up to {number(at.MAX_RATE_LIMIT_PER_MINUTE)}."),
    (
        "DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE",
        "docs/auth.md",
        f"{number(at.DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE)} unless you say otherwise, of all visitors",
    ),
    (
        "DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE",
        "openapi.yaml",
        f"of a browser key {number(at.DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE)}.",
    ),
    ("DEFAULT_ADDRESS_LIMIT_PER_MINUTE", "docs/auth.md", f"{at.DEFAULT_ADDRESS_LIMIT_PER_MINUTE} unless you say other"),
    ("DEFAULT_ADDRESS_LIMIT_PER_MINUTE", "openapi.yaml", f"each client; {at.DEFAULT_ADDRESS_LIMIT_PER_MINUTE} unless"),
    (
        "DEFAULT_BROWSER_REQUESTS_PER_DAY",
        "docs/auth.md",
        f"{number(at.DEFAULT_BROWSER_REQUESTS_PER_DAY)} and {number(at.DEFAULT_BROWSER_ANSWERS_PER_DAY)} unless you",
    ),
    (
        "DEFAULT_BROWSER_REQUESTS_PER_DAY",
        "openapi.yaml",
        f"no such bound, or {number(at.DEFAULT_BROWSER_REQUESTS_PER_DAY)} of a browser key",
    ),
    (
        "DEFAULT_BROWSER_ANSWERS_PER_DAY",
        "openapi.yaml",
        f"no such bound, or {number(at.DEFAULT_BROWSER_ANSWERS_PER_DAY)} of a browser key",
    ),
    ("KEY_ORIGINS", "docs/auth.md", f"up to {at.KEY_ORIGINS} origins whose pages"),
    (
        "OPEN_PREFLIGHT_KEPT_SECONDS",
        "docs/auth.md",
        f"every origin, for {lasting(at.OPEN_PREFLIGHT_KEPT_SECONDS * 1000)}",
    ),
    (
        "ADDRESS_COUNT_KEPT_SECONDS",
        "docs/rate-limits.md",
        f"the count is kept for {lasting(at.ADDRESS_COUNT_KEPT_SECONDS * 1000)}",
    ),
    ("ENDED_KEY_KEPT_MS", "docs/auth.md", f"is forgotten after {lasting(at.ENDED_KEY_KEPT_MS)})"),
    ("BUDGET_TOLD_PERCENT", "docs/rate-limits.md", f"When {fifths(at.BUDGET_TOLD_PERCENT)} are used, the event"),
    ("BUDGET_TOLD_PERCENT", "docs/webhooks.md", f"{fifths(at.BUDGET_TOLD_PERCENT)} of a key's"),
    ("WEBHOOKS", "docs/webhooks.md", f"A tenant has at most {at.WEBHOOKS} webhooks"),
    ("HEALTH_KEPT_SECONDS", "openapi.yaml", f"looked at within the last {at.HEALTH_KEPT_SECONDS} seconds"),
    ("HEALTH_KEPT_SECONDS", "docs/operations/watch.md", f"asks AWS every {at.HEALTH_KEPT_SECONDS} s at most"),
    ("WEBHOOKS", "openapi.yaml", f"public addresses only. A tenant has at most {at.WEBHOOKS} webhooks"),
    ("WEBHOOKS", "openapi.yaml", f"the tenant has {at.WEBHOOKS} webhooks"),
    ("WEBHOOKS", "openapi.yaml", f"error: A tenant has at most {at.WEBHOOKS} webhooks"),
    ("REDELIVERED_AT_ONCE", "docs/webhooks.md", f"at most {at.REDELIVERED_AT_ONCE} in one request"),
    ("REDELIVERED_AT_ONCE", "openapi.yaml", f"at most {at.REDELIVERED_AT_ONCE} in one request"),
    ("RECEIVER_SECONDS", "docs/webhooks.md", f"Answer 2xx within {lasting(int(at.RECEIVER_SECONDS * 1000))}"),
    ("SNIPPET_BYTES", "openapi.yaml", f"How its answer begins, at most {at.SNIPPET_BYTES / 1024:g} KB"),
    ("OBJECT_SETTLED_MS", "docs/architecture.md", f"alone what is younger than {lasting(at.OBJECT_SETTLED_MS)}"),
    (
        "LAST_USED_STEP_MS",
        "docs/auth.md",
        f"`lastUsedAt` is correct to {lasting(at.LAST_USED_STEP_MS).replace('an ', 'the ')}",
    ),
    ("DELETED_OBJECTS_KEPT_DAYS", "docs/operations/restore.md", f"recovery ({at.DELETED_OBJECTS_KEPT_DAYS} days)"),
    (
        "DELETED_PASSING_OBJECTS_KEPT_DAYS",
        "docs/operations/pay.md",
        f"answers: {at.DELETED_PASSING_OBJECTS_KEPT_DAYS} day)",
    ),
    ("QUESTION_KEPT_MS", "docs/questions.md", f"**For {lasting(at.QUESTION_KEPT_MS)}**, then it is gone"),
    ("QUESTION_KEPT_MS", "docs/concepts.md", f"from now on is kept for {lasting(at.QUESTION_KEPT_MS)} |"),
    ("QUESTION_KEPT_MS", "docs/operations/pay.md", f"of sources that keep them | {lasting(at.QUESTION_KEPT_MS)} |"),
    ("QUESTION_KEPT_MS", "openapi.yaml", f"searches of the last {lasting(at.QUESTION_KEPT_MS)} that were put"),
    ("QUESTION_KEPT_MS", "openapi.yaml", f"asked from now on are kept for {lasting(at.QUESTION_KEPT_MS)}."),
    ("QUESTIONS_GROUPED", "docs/questions.md", f"One call looks at {number(at.QUESTIONS_GROUPED)} questions"),
    ("QUESTIONS_GROUPED", "openapi.yaml", f"looks at the newest {number(at.QUESTIONS_GROUPED)} questions"),
    ("DEFAULT_RATE_LIMIT_PER_MINUTE", "docs/rate-limits.md", f"a minute, {at.DEFAULT_RATE_LIMIT_PER_MINUTE} unless"),
]


@pytest.mark.parametrize(("limit", "file", "sentence"), SENTENCES, ids=lambda value: str(value)[:60])
def test_text_says_the_limit(limit: str, file: str, sentence: str) -> None:
    assert sentence in text_of(file), f"{file} does not say `{sentence}`, as {limit} of knowledge/limits.py has it"


@cache
def text_of(file: str) -> str:
    """A file, with lines that are wrapped put together."""
    return re.sub(r"\s+", " ", (ROOT / file).read_text("utf-8"))


def lifecycle_rules() -> dict[str, dict[str, Any]]:
    """The rules of the bucket by their ids."""
    properties = read_template().resources["ContentBucket"]["Properties"]
    return {rule["Id"]: rule for rule in properties["LifecycleConfiguration"]["Rules"]}


def test_bucket_keeps_things_for_as_long_as_the_limits_say() -> None:
    rules = lifecycle_rules()
    passing = {"NoncurrentDays": at.DELETED_PASSING_OBJECTS_KEPT_DAYS}
    answers, imports = rules["ExpireIdempotentResponses"], rules["ExpireImports"]
    assert (answers["ExpirationInDays"], imports["ExpirationInDays"]) == (
        at.RECORDED_ANSWERS_KEPT_DAYS,
        at.IMPORT_FILES_KEPT_DAYS,
    )
    assert answers["NoncurrentVersionExpiration"] == imports["NoncurrentVersionExpiration"] == passing
    deleted = rules["ForgetWhatWasDeleted"]["NoncurrentVersionExpiration"]["NoncurrentDays"]
    assert deleted == at.DELETED_OBJECTS_KEPT_DAYS
    abandoned = rules["AbortAbandonedUploads"]["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"]
    assert abandoned == at.ABANDONED_UPLOADS_KEPT_DAYS


def test_dead_letters_and_logs_are_kept_for_as_long_as_the_limits_say() -> None:
    template = read_template()
    queues = dict(template.of_type("AWS::SQS::Queue"))
    kept = {name: queue.get("MessageRetentionPeriod") for name, queue in queues.items()}
    dead = {name: seconds for name, seconds in kept.items() if "DeadLetter" in name}
    assert dead
    assert set(dead.values()) == {at.DEAD_LETTERS_KEPT_DAYS * 86_400}, dead
    assert template.parameters["LogRetentionDays"] == at.LOGS_KEPT_DAYS


def test_limits_that_depend_on_one_another_agree() -> None:
    # A recorded answer in the bucket outlives its record, and an id made from a key names its day.
    assert at.RECORDED_ANSWERS_KEPT_DAYS * 24 * MS_PER_HOUR > at.RETRY_KNOWN_MS
    assert at.ANSWER_KEPT_SECONDS * 1000 == at.RETRY_KNOWN_MS <= 24 * MS_PER_HOUR
    # An upload that its link let begin is still awaited.
    assert at.UPLOAD_AWAITED_MS > at.UPLOAD_LINK_SECONDS * 1000
    assert at.BODY_BYTES >= at.CONTENT_BYTES
    assert at.MIN_TITLE_WEIGHT <= at.DEFAULT_TITLE_WEIGHT <= at.MAX_TITLE_WEIGHT
    # Every item fits into a line, though each of its characters be escaped; so an export is taken back.
    texts = at.CONTENT_BYTES + at.TITLE_CHARACTERS + at.URL_BYTES + at.EXTERNAL_ITEM_ID_BYTES
    others = at.METADATA_BYTES + at.TAGS * (at.TAG_CHARACTERS + 3) + at.LANGUAGE_CHARACTERS
    assert 6 * (texts + others) < at.LINE_BYTES
    # The file of an export outlives what is shown of it.
    assert at.EXPORT_FILES_KEPT_DAYS * 24 * MS_PER_HOUR > at.EXPORT_KEPT_MS
    # Base64 takes four characters for three bytes; a text fits into an answer twice, each escape of it escaped again.
    assert at.ITEM_TOKEN_CHARACTERS == (16 + at.EXTERNAL_ITEM_ID_BYTES) * 4 // 3
    assert 24 * at.ASSISTANT_TEXT_CHARACTERS + 12 * at.METADATA_BYTES < at.ENVELOPE_BYTES
    # What no page can be made shorter of is carried whole. A byte takes seven there at most, an escape's six and its
    # backslash's own; a character of a text that is searched seven, and 32 more if a highlight begins at each.
    found = 7 * (at.EXTERNAL_ITEM_ID_BYTES + at.URL_BYTES) + 39 * (at.TITLE_CHARACTERS + search.SNIPPET_CHARACTERS)
    assert at.SEARCH_PAGE_RESULTS * found < at.ENVELOPE_BYTES
    assert 7 * at.ERASURE_ITEMS * at.EXTERNAL_ITEM_ID_BYTES < at.ENVELOPE_BYTES
    assert 7 * at.SYNONYMS_BYTES < at.ENVELOPE_BYTES
    assert at.DEFAULT_GRACE_DAYS <= at.MAX_GRACE_DAYS
    assert at.DEFAULT_OVERLAP_SECONDS <= at.MAX_OVERLAP_SECONDS
    assert at.DEFAULT_RATE_LIMIT_PER_MINUTE <= at.MAX_RATE_LIMIT_PER_MINUTE
    # A key that ended counts past the minute in which it may have been used.
    assert at.ENDED_KEY_COUNTED_MS == 2 * 60_000
    # A delivery is shown for longer than it is tried.
    assert sum(DELAYS_SECONDS) * 1000 < at.DELIVERY_KEPT_MS


def test_synonyms_that_a_source_may_have_are_those_that_the_search_takes() -> None:
    """The search stands in a layer of its own, without this one: it says its bounds itself."""
    own = (at.SYNONYM_GROUPS, at.SYNONYMS_A_GROUP, at.SYNONYM_CHARACTERS)
    assert own == (search.SYNONYM_GROUPS, search.SYNONYMS_A_GROUP, search.SYNONYM_CHARACTERS)


def test_every_limit_is_used() -> None:
    names = [name for name in vars(at) if name.isupper() and not name.startswith("MS_PER")]
    sources = [
        path.read_text("utf-8")
        for folder in ("layers", "functions", "local")
        for path in (ROOT / folder).rglob("*.py")
        if path.name != "limits.py"
    ]
    sources.append((ROOT / "tests/contract/test_limits.py").read_text("utf-8"))
    unused = [name for name in names if not any(re.search(rf"\b{name}\b", text) for text in sources)]
    assert not unused
