"""The names of what the stack made, as its functions are told them."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """The names of what the stack made."""

    catalog_table: str
    items_table: str
    content_bucket: str
    audit_table: str = ""
    diff_and_apply_arn: str = ""
    import_arn: str = ""
    import_dead_letters_url: str = ""

    @staticmethod
    def from_environment() -> Settings:
        """Read the variables that the template sets. Raises KeyError, which names one that is missing.

        `AUDIT_TABLE`, `DIFF_AND_APPLY_ARN`, `IMPORT_ARN` and `IMPORT_DEAD_LETTERS_URL` are set for the functions
        alone that use them.
        """
        return Settings(
            catalog_table=os.environ["CATALOG_TABLE"],
            items_table=os.environ["ITEMS_TABLE"],
            content_bucket=os.environ["CONTENT_BUCKET"],
            audit_table=os.environ.get("AUDIT_TABLE", ""),
            diff_and_apply_arn=os.environ.get("DIFF_AND_APPLY_ARN", ""),
            import_arn=os.environ.get("IMPORT_ARN", ""),
            import_dead_letters_url=os.environ.get("IMPORT_DEAD_LETTERS_URL", ""),
        )
