"""What the operations on sources take."""

from __future__ import annotations

from typing import Annotated, Any

from knowledge.items.field_rules import Rule, name_text, plain_text
from knowledge.items.fields import Language
from knowledge.limits import (
    DEFAULT_GRACE_DAYS,
    DEFAULT_TITLE_WEIGHT,
    MAX_GRACE_DAYS,
    MAX_TITLE_WEIGHT,
    MIN_SYNONYMS_A_GROUP,
    MIN_TITLE_WEIGHT,
    SOURCE_LABEL_CHARACTERS,
    SOURCE_NAME_CHARACTERS,
    SYNONYM_CHARACTERS,
    SYNONYM_GROUPS,
    SYNONYMS_A_GROUP,
    SYNONYMS_BYTES,
    TITLE_WEIGHT_DECIMALS,
)
from knowledge.sources.model import Publishing, QuestionLog, RemovalGuard, Serving, Synonyms
from knowledge.unset import UNSET
from pydantic import Field

from httpapi.errors import invalid_field
from httpapi.schemas.fields import BodyModel, ListQuery, Message, matching, refuse_nulls, tell_no_null

Name = Annotated[str, name_text(SOURCE_NAME_CHARACTERS)]
# What is in names of repositories, addresses and paths.
Label = Annotated[
    str,
    Field(min_length=1, max_length=SOURCE_LABEL_CHARACTERS),
    matching(
        "^[A-Za-z0-9][A-Za-z0-9._@:/+-]*$", "must begin with a letter or digit, and have only those and . _ @ : / + -"
    ),
]
GraceDays = Annotated[int, Field(ge=0, le=MAX_GRACE_DAYS)]
_NO_NULL = Field(json_schema_extra=tell_no_null)


def _few_decimals(value: float) -> float:
    rounded = round(value, TITLE_WEIGHT_DECIMALS)
    if rounded != value:
        raise ValueError(f"must have at most {TITLE_WEIGHT_DECIMALS} decimals")
    return int(rounded) if rounded.is_integer() else rounded


def _few_bytes(groups: list[list[str]]) -> list[list[str]]:
    size = sum(len(text.encode()) for group in groups for text in group)
    if size > SYNONYMS_BYTES:
        raise ValueError(f"must have at most {SYNONYMS_BYTES} bytes of UTF-8 together; these have {size}")
    return groups


TitleWeight = Annotated[float, Field(ge=MIN_TITLE_WEIGHT, le=MAX_TITLE_WEIGHT), Rule(_few_decimals)]
_Synonym = Annotated[str, plain_text(1, SYNONYM_CHARACTERS)]
_Group = Annotated[list[_Synonym], Field(min_length=MIN_SYNONYMS_A_GROUP, max_length=SYNONYMS_A_GROUP)]
SynonymGroups = Annotated[list[_Group], Field(max_length=SYNONYM_GROUPS), Rule(_few_bytes)]


class RemovalGuardInput(BodyModel):
    """How much one run may drop; null means no bound of that kind."""

    max_percent: Annotated[float, Field(ge=0, le=100)] | None = None
    max_items: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None

    def guard(self) -> RemovalGuard | None:
        """Return the guard; one without any bound is none at all."""
        if self.max_percent is None and self.max_items is None:
            return None
        return RemovalGuard(self.max_percent, self.max_items)


class CreateSourceRequest(BodyModel):
    """A source to be made."""

    name: Name
    grace_days: GraceDays = DEFAULT_GRACE_DAYS
    removal_guard: RemovalGuardInput | None = None
    serving: Annotated[Serving, Field(strict=False)] = Serving.ON
    title_weight: TitleWeight = DEFAULT_TITLE_WEIGHT
    default_language: Language | None = None
    synonyms: SynonymGroups = Field(default_factory=list)
    question_log: Annotated[QuestionLog, Field(strict=False)] = QuestionLog.OFF
    label: Label | None = None

    def settings(self) -> dict[str, Any]:
        """Return the settings as the service takes them."""
        return {
            "name": self.name,
            "grace_days": self.grace_days,
            "removal_guard": _guard(self.removal_guard),
            "serving": self.serving,
            "title_weight": self.title_weight,
            "default_language": self.default_language,
            "synonyms": _groups(self.synonyms),
            "question_log": self.question_log,
            "label": self.label,
        }


class SourceListQuery(ListQuery):
    """A list of sources, or the one that has a label."""

    label: Label | None = None


class DeleteSourceRequest(BodyModel):
    """What is said of a deletion."""

    message: Message | None = None


class UpdateSourceRequest(BodyModel):
    """What is to change in a source; what is absent stays. Null takes a guard, or a language, away."""

    name: Name | None = None
    grace_days: GraceDays | None = None
    removal_guard: RemovalGuardInput | None = None
    serving: Annotated[Annotated[Serving, Field(strict=False)] | None, _NO_NULL] = None
    title_weight: Annotated[TitleWeight | None, _NO_NULL] = None
    default_language: Language | None = None
    synonyms: Annotated[SynonymGroups | None, _NO_NULL] = None
    question_log: Annotated[Annotated[QuestionLog, Field(strict=False)] | None, _NO_NULL] = None
    publishing: Annotated[Annotated[Publishing, Field(strict=False)] | None, _NO_NULL] = None
    reason: Annotated[Message | None, _NO_NULL] = None

    def changes(self) -> dict[str, Any]:
        """Return what was sent as the service takes it. Raises ValidationFailedError for a null that means nothing."""
        refuse_nulls(self, "serving", "title_weight", "synonyms", "question_log", "publishing", "reason")
        if self.reason is not None and self.publishing is not Publishing.LOCKED:
            raise invalid_field("reason", "comes with publishing: locked alone")
        sent = self.model_fields_set
        return {
            "name": self.name,
            "grace_days": self.grace_days,
            "removal_guard": _guard(self.removal_guard) if "removal_guard" in sent else UNSET,
            "serving": self.serving,
            "title_weight": self.title_weight,
            "default_language": self.default_language if "default_language" in sent else UNSET,
            "synonyms": None if self.synonyms is None else _groups(self.synonyms),
            "question_log": self.question_log,
            "publishing": self.publishing,
            "lock_reason": self.reason,
        }


def _guard(sent: RemovalGuardInput | None) -> RemovalGuard | None:
    return None if sent is None else sent.guard()


def _groups(sent: list[list[str]]) -> Synonyms:
    return tuple(map(tuple, sent))
