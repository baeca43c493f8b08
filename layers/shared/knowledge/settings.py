"""The names of what the stack made, as its functions are told them."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """Where a process keeps what it searches; how much of it one search may need, and all may take. Sizes are bytes."""

    folder: str
    index_bytes: int
    storage_bytes: int

    @staticmethod
    def from_environment() -> SearchSettings:
        """Read the variables that the template sets for the one function that searches."""
        return SearchSettings(
            str(Path(tempfile.gettempdir()) / "search"),
            int(os.environ["SEARCH_INDEX_BYTES"]),
            # Some of the disk is Lambda's, and folders take room.
            int(os.environ["SEARCH_STORAGE_MEGABYTES"]) * 1_000_000 * 9 // 10,
        )


@dataclass(frozen=True, slots=True)
class AnswerSettings:
    """The model of Amazon Bedrock that answers questions, by its id or ARN; None when no model does."""

    model_id: str | None

    @staticmethod
    def from_environment() -> AnswerSettings:
        """Read the variable that the template sets for the one function that answers questions."""
        return AnswerSettings(os.environ.get("ANSWER_MODEL_ID") or None)


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of what the stack made."""

    catalog_table: str
    items_table: str
    content_bucket: str
    audit_table: str = ""
    questions_table: str = ""
    diff_and_apply_arn: str = ""
    import_arn: str = ""
    import_dead_letters_url: str = ""
    export_arn: str = ""

    @staticmethod
    def from_environment() -> Settings:
        """Read the variables that the template sets. Raises KeyError, which names one that is missing.

        `AUDIT_TABLE`, `QUESTIONS_TABLE`, `DIFF_AND_APPLY_ARN`, `IMPORT_ARN`, `IMPORT_DEAD_LETTERS_URL` and `EXPORT_ARN`
        are set for the functions alone that use them.
        """
        return Settings(
            catalog_table=os.environ["CATALOG_TABLE"],
            items_table=os.environ["ITEMS_TABLE"],
            content_bucket=os.environ["CONTENT_BUCKET"],
            audit_table=os.environ.get("AUDIT_TABLE", ""),
            questions_table=os.environ.get("QUESTIONS_TABLE", ""),
            diff_and_apply_arn=os.environ.get("DIFF_AND_APPLY_ARN", ""),
            import_arn=os.environ.get("IMPORT_ARN", ""),
            import_dead_letters_url=os.environ.get("IMPORT_DEAD_LETTERS_URL", ""),
            export_arn=os.environ.get("EXPORT_ARN", ""),
        )
