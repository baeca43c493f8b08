"""How long things are kept and how large they may be: each figure that a client, an operator or template.yaml knows.

To change one is to change its line. Messages are written from it, and `tests/contract/test_limits.py` names every text
and setting that says another figure. Every function loads this, so it holds plain numbers and nothing else. What only a
loop or a store needs to know (its batch size, its tries) stands where it is used.
"""

from __future__ import annotations

from knowledge.times import MS_PER_DAY, MS_PER_HOUR, MS_PER_MINUTE

# -------------------------------------------------------------------------------------------------- what is published
# A source can go back this far. Whichever of the two keeps a generation longer, counts.
GENERATIONS_KEPT = 10
GENERATION_KEPT_MS = 30 * MS_PER_DAY  # after it was superseded
# For how long what was reviewed may be applied.
RUN_KEPT_MS = 7 * MS_PER_DAY
# Plans before the last one that a run can be compared with. Each takes a kilobyte of the run's row, sixteen at most.
EARLIER_PLANS_KEPT = 4
# A run that never got a plan has nothing to apply, and an error to be read.
UNPLANNED_RUN_KEPT_MS = 7 * MS_PER_DAY
# A removed item can be restored for this long after it was dropped.
TOMBSTONE_KEPT_MS = 30 * MS_PER_DAY
# How many items one erasure takes back.
ERASURE_ITEMS = 1_000
# No attempt outlives Lambda's 15 minutes: after that nobody holds a pointer that was swapped.
ERASURE_WAIT_MS = 15 * MS_PER_MINUTE
# For how long a removed item is served.
DEFAULT_GRACE_DAYS = 7
MAX_GRACE_DAYS = 365

# --------------------------------------------------------------------------------------------- snapshots and imports
# While a snapshot is open no run can be applied, so one that was forgotten must end.
SNAPSHOT_OPEN_MS = MS_PER_DAY
SNAPSHOT_PARTS_KEPT_MS = 30 * MS_PER_DAY  # after it expired
# A large file takes its time.
UPLOAD_LINK_SECONDS = 3_600
# Of contents, error reports and results: whoever holds such a link needs no key any more.
DOWNLOAD_LINK_SECONDS = 900
# An upload that began while its link worked may still arrive, so its import waits longer than the link.
UPLOAD_AWAITED_MS = MS_PER_DAY
# Whoever works on an import says so at each step, and Lambda runs no function longer than 15 minutes.
IMPORT_SILENT_MS = 20 * MS_PER_MINUTE
# How often whoever stages a file looks whether the key that asked for it may still do so.
IMPORT_KEY_LOOK_MS = 10_000
# Planned part by part, which may take longer than a request's run; the import watches over it.
IMPORT_RUN_PLANNED_MS = MS_PER_DAY
# Whoever writes an export says so with each part, and Lambda runs no function longer than 15 minutes.
EXPORT_SILENT_MS = 20 * MS_PER_MINUTE
# How often whoever writes an export looks whether its key may still read, and whether its source is still there whole.
EXPORT_LOOK_MS = 10_000
# A whole copy of what may be erased; it is made again in minutes.
EXPORT_KEPT_MS = MS_PER_DAY
# Rows that the error report is written from, when the import ends.
IMPORT_PROBLEMS_KEPT_MS = 7 * MS_PER_DAY

# ------------------------------------------------------------------------------------------------- requests and keys
# How long an Idempotency-Key is known. An id made from one names its day, so this can't be more than a day.
RETRY_KNOWN_MS = MS_PER_DAY
ANSWER_KEPT_SECONDS = RETRY_KNOWN_MS // 1000
# For how long the old of two secrets works.
DEFAULT_OVERLAP_SECONDS = 86_400
MAX_OVERLAP_SECONDS = 30 * 86_400
# How long before a key expires its tenant is told.
KEY_EXPIRING_DAYS = (14, 1)
# How exact `lastUsedAt` is: a key's row is written once in this time, however much it is used.
LAST_USED_STEP_MS = MS_PER_HOUR
# For how long it can be seen who changed what.
AUDIT_KEPT_SECONDS = 400 * 86_400
# For how long it can be seen how many requests a key made on a day, and how many days are shown unless it is said.
USAGE_KEPT_DAYS = 62
USAGE_KEPT_SECONDS = USAGE_KEPT_DAYS * 86_400
DEFAULT_USAGE_DAYS = 30
# For how long a key that ended still counts among its tenant's limits: the minute in which it was used, and a clock
# that is wrong.
ENDED_KEY_COUNTED_MS = 2 * MS_PER_MINUTE
# What visitors ask, where a source says that it is kept; as long as an older generation is.
QUESTION_KEPT_MS = 30 * MS_PER_DAY
# How long it is known of a key that it ended, as for the lines of an audit.
ENDED_KEY_KEPT_MS = 400 * MS_PER_DAY
# For how long a process answers `GET /health` by its last look, so that nobody can have it ask AWS all the time.
HEALTH_KEPT_SECONDS = 10
# How long a browser keeps the answer to a preflight; Chromium keeps none longer than 2 hours.
PREFLIGHT_KEPT_SECONDS = 600
# And of one that says the same to every page.
OPEN_PREFLIGHT_KEPT_SECONDS = 7_200

# ---------------------------------------------------------------------------------------------------------- webhooks
# Events and their deliveries.
DELIVERY_KEPT_MS = 30 * MS_PER_DAY
# An endpoint that failed for this long is disabled (https://www.standardwebhooks.com).
WEBHOOK_FAILING_MS = 5 * MS_PER_DAY
# For a receiver's whole answer. The function's own time-out must leave room for it.
RECEIVER_SECONDS = 15
# A receiver that asks to be left alone for longer gets this.
RETRY_AFTER_MAX_SECONDS = 86_400

# ----------------------------------------------------------------------------------------------------------- upkeep
UPKEEP_ROUND_MS = MS_PER_DAY
# No attempt outlives Lambda's 15 minutes; what is older and named by nothing never will be named.
OBJECT_SETTLED_MS = MS_PER_DAY
# A staged content lies under its day and may be named anew until that is over.
CONTENT_SETTLED_MS = 2 * MS_PER_DAY
# Whoever read a row before it changed has ended by then.
ROW_READ_MS = MS_PER_HOUR
# A source in which nothing came or went is looked through again after this long.
RECHECK_MS = 7 * MS_PER_DAY

# ----------------------------------------------------------------------------------- kept by AWS, as template.yaml says
IMPORT_FILES_KEPT_DAYS = 30
# A lifecycle rule counts whole days from midnight: one more than RETRY_KNOWN_MS.
RECORDED_ANSWERS_KEPT_DAYS = 2
# A lifecycle rule counts whole days from midnight: one more than EXPORT_KEPT_MS.
EXPORT_FILES_KEPT_DAYS = 2
# For as long as point-in-time recovery reaches back, so that tables and bucket can be restored together.
DELETED_OBJECTS_KEPT_DAYS = 35
DELETED_PASSING_OBJECTS_KEPT_DAYS = 1
ABANDONED_UPLOADS_KEPT_DAYS = 1
# SQS keeps no message longer.
DEAD_LETTERS_KEPT_DAYS = 14
# Unless LogRetentionDays says otherwise.
LOGS_KEPT_DAYS = 30

# ----------------------------------------------------------------------------------------------------- size: an item
EXTERNAL_ITEM_ID_BYTES = 512
TITLE_CHARACTERS = 500
CONTENT_BYTES = 1_048_576
URL_BYTES = 2_048
# Longer than any well-formed tag that is in use (RFC 5646 section 4.4.1).
LANGUAGE_CHARACTERS = 35
TAGS = 50
TAG_CHARACTERS = 64
METADATA_BYTES = 16_384
METADATA_LEVELS = 32
SOURCE_VERSION_LIMIT = 2**63 - 1
# Contents over this lie in the bucket. A row is billed by its size, whatever is read of it.
INLINE_MEMBER_BYTES = 8 * 1024

# ------------------------------------------------------------------------------------------------- size: a request
BODY_BYTES = 1_048_576
BATCH_BODY_BYTES = 8 * 1_048_576
# The gateway takes 10 MB, and hands a function 6 MB with the body in Base64.
GATEWAY_BODY_BYTES = 4 * 1_048_576
BATCH_ENTRIES = 5_000
# Nested deeper, JSON costs a parser its stack. What metadata may have ends long before, whatever they are sent in.
JSON_LEVELS = 64
SNAPSHOT_PARTS = 10_000
IDEMPOTENCY_KEY_CHARACTERS = 255
# Of the id that a client gives its request, for our log.
CLIENT_REQUEST_ID_CHARACTERS = 128
# Smaller answers gain less than compressing them takes, and a packet or two carry them anyway.
GZIP_FROM_BYTES = 4_096
# A page ends here, and a content that takes more of an answer comes as a link: control characters take six bytes each.
ANSWER_BYTES = 4_000_000
# Lambda passes 6 291 556 bytes on of what a function returns. That is JSON with the body as a string in it, so each
# quote and backslash of the body counts twice; the rest is room for the headers.
ENVELOPE_BYTES = 6_250_000
# What is compressed is carried in Base64, four characters for three bytes, and some texts get no smaller.
GZIP_TO_BYTES = ENVELOPE_BYTES * 3 // 4
PROBLEMS_SHOWN = 100
DEFAULT_PAGE_ENTRIES = 50
PAGE_ENTRIES = 1_000
# Of a page with contents: each is read from an object of its own.
CONTENT_PAGE_ENTRIES = 200
CURSOR_CHARACTERS = 8_192
# Of a generation, by a page of those with a prefix: they are in the order of hashes, so all are looked through.
ITEMS_LOOKED_AT = 20_000
# By a page of an item's history: at worst each is read, one after another.
HISTORY_GENERATIONS = 100

# ------------------------------------------------------------------------------------------------- size: an import
# What S3 takes in one PUT.
UPLOAD_BYTES = 5 * 1024**3
INFLATED_BYTES = 10 * 1024**3
# Items in NDJSON become 3 to 30 times as long; beyond this a file was made to be large. A small one may be anything.
INFLATION_FACTOR = 100
INFLATION_FREE_BYTES = 64 * 1_048_576
# Blank ones count.
IMPORT_LINES = 10_000_000
# So many bad lines an import stands, unless it is asked for otherwise; none when it is applied by itself.
MAX_REJECTED_LINES = 10_000
# Any item fits, however it is written: a content of control characters takes six bytes for each, and so do the fields
# around it. So an import takes every line of an export.
LINE_BYTES = 6 * CONTENT_BYTES + 512 * 1024
REPORTED_PROBLEMS = 100_000
# One line may hold a problem in each field of a large object; a few show what is wrong with it.
PROBLEMS_A_LINE = 10

# ------------------------------------------------------------------------------------------- size: search
# Of a source; one with more is published all the same, and searched no more.
SEARCHED_ITEMS = 1_000_000
# Of the beginnings of a source's segments, which a search reads.
SEARCHED_BYTES = 512 * 1024 * 1024
# Of a query.
SEARCH_QUERY_CHARACTERS = 1_000
SEARCH_PAGE_RESULTS = 50
DEFAULT_SEARCH_PAGE_RESULTS = 10
# That can be paged to; whoever wants more asks for something else.
SEARCH_RESULTS = 1_000
# That a search names; it looks into all of them unless it does.
SEARCH_SOURCES = 100
# That a filter names, and values of its metadata, together.
SEARCH_FILTER_TERMS = 50
# Of an item's text, that an assistant is given at once: what a model reads in one piece, and an answer has room for.
ASSISTANT_TEXT_CHARACTERS = 100_000
# That come as one request; each counts as one of the key's limit.
ASSISTANT_BATCH_MESSAGES = 10
# 16 bytes for the source and EXTERNAL_ITEM_ID_BYTES, in Base64.
ITEM_TOKEN_CHARACTERS = 704
# Of a question that is answered.
ANSWER_QUESTION_CHARACTERS = 1_000
# Items that an answer is looked for in, the best hits of the question.
ANSWER_ITEMS = 8
# Of each of them; what stands further behind is found, but not answered from.
ANSWER_TEXT_CHARACTERS = 60_000
# Of about 200 words, that a provider is given.
ANSWER_PASSAGES = 12
ANSWER_SENTENCES = 3
# Of an answer; a provider may quote more than once for a sentence.
ANSWER_CITATIONS = 10
# Of an answer with its marks; sentences behind these are left out.
ANSWER_CHARACTERS = 4_000
# For all of a model's answer: the search before it and the other provider after it fit into the gateway's 29 as well.
MODEL_SECONDS = 15
# That one account of what found nothing looks at.
QUESTIONS_GROUPED = 10_000
# That a run puts together; larger ones are the compaction's.
MERGED_DOCUMENTS = 50_000

# ------------------------------------------------------------------------------------------- size: sources and keys
# Of a tenant, archived ones too.
SOURCES = 1_000
# Of a tenant, from the request on until they have ended.
IMPORTS_UNDER_WAY = 100
# Of a tenant, from the request on until they have ended; each reads all that a generation serves.
EXPORTS_UNDER_WAY = 5
SOURCE_NAME_CHARACTERS = 200
SOURCE_LABEL_CHARACTERS = 200
# How much more a match in the title counts than one in the text.
DEFAULT_TITLE_WEIGHT = 1
MIN_TITLE_WEIGHT = 0.1
MAX_TITLE_WEIGHT = 10
TITLE_WEIGHT_DECIMALS = 2
# The search widens queries by no more: its own limits are the same.
SYNONYM_GROUPS = 200
MIN_SYNONYMS_A_GROUP = 2
SYNONYMS_A_GROUP = 20
SYNONYM_CHARACTERS = 100
# Of UTF-8, of all synonyms of a source together: a hundred such rows are read in one call, of 16 MB.
SYNONYMS_BYTES = 65_536
TENANT_NAME_CHARACTERS = 200
KEY_NAME_CHARACTERS = 100
KEY_DESCRIPTION_CHARACTERS = 500
# What is kept of a client's User-Agent, which may say anything.
USER_AGENT_CHARACTERS = 256
# What somebody says about a run, an apply, a restore, an import or an erasure.
MESSAGE_CHARACTERS = 500
KEY_SCOPES = 50
KEY_SOURCES = 100
DEFAULT_RATE_LIMIT_PER_MINUTE = 120
MAX_RATE_LIMIT_PER_MINUTE = 6_000
# Of a key for web pages, which anybody can copy, unless it is made with others: of all who use it, of one of them, and
# of all on a day (UTC).
DEFAULT_BROWSER_RATE_LIMIT_PER_MINUTE = 3_000
DEFAULT_ADDRESS_LIMIT_PER_MINUTE = 60
DEFAULT_BROWSER_REQUESTS_PER_DAY = 100_000
DEFAULT_BROWSER_ANSWERS_PER_DAY = 1_000
MAX_REQUESTS_PER_DAY = 10_000_000
MAX_ANSWERS_PER_DAY = 1_000_000
# How much of a day's budget is used when its tenant is told.
BUDGET_TOLD_PERCENT = 80
KEY_ORIGINS = 20
# Of a portal session: for how long it can be used, at most and by default; and how many of one key may be open.
# What ends a key ends each of them by two rows of one transaction, which holds 100.
MAX_SESSION_SECONDS = 8 * 3_600
MIN_SESSION_SECONDS = 60
KEY_SESSIONS = 20
# For how long a sign-in link can be used, once.
SIGN_IN_LINK_MS = 10 * MS_PER_MINUTE
# A scheme, a name of DNS, a port.
ORIGIN_CHARACTERS = 267
# For how long the count of one client's requests is kept, which is of one minute.
ADDRESS_COUNT_KEPT_SECONDS = 3_600
# What all live keys of a tenant may ask for together is a share of what the gateway lets through: `httpapi.settings`.

# ------------------------------------------------------------------------------------------------- size: webhooks
WEBHOOKS = 20
WEBHOOK_URL_BYTES = 2_048
WEBHOOK_DESCRIPTION_CHARACTERS = 200
WEBHOOK_SOURCES = 100
# How many secrets sign at once when an endpoint is rotated again and again; the oldest go first.
SIGNING_SECRETS = 5
ATTEMPTS_SHOWN = 10
# Of a receiver's answer.
SNIPPET_BYTES = 1_024
REDELIVERED_AT_ONCE = 200
