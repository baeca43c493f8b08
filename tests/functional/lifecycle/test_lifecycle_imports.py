"""Imports from the event to the generation, on Dynoxide."""

from __future__ import annotations

import pytest

from tests.functional.lifecycle.conftest import Checked
from tests.support.import_files import Importing, many, ndjson


@pytest.fixture
def importing(lean_lifecycle: Checked) -> Importing:
    return Importing(lean_lifecycle)


def test_import_stages_runs_and_publishes(importing: Importing) -> None:
    job = importing.whole(ndjson(many(250)))
    assert (job.state, job.lines, job.counts.created, job.rejected) == ("completed", 250, 250, 0)
    assert job.generation_id == importing.life.current.generation_id
    assert importing.life.served() == many(250)
