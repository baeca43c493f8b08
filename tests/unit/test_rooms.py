"""The contracts of import-linter hold the order of the rooms, and the drawing of the rooms is current."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.template import ROOT

CONFIGURATION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
CONTRACTS = {contract["name"]: contract["id"] for contract in CONFIGURATION["contracts"]}
PATHS = ("layers/shared", "layers/search", "clients/python/src")
ROOMS = (*PATHS, "functions", "local", "operations", "testing", "benchmarks", "tests")

# A file, what it imports against the order, and the contracts that say so. All are imported for their types alone.
WRONG = [
    ("layers/shared/webhooks/errors.py", "httpapi.errors", {"deployed"}),
    ("layers/shared/knowledge/ids.py", "webhooks.errors", {"deployed"}),
    ("layers/shared/knowledge/ids.py", "telemetry.lines", {"deployed"}),
    ("layers/shared/knowledge/ids.py", "http.client", {"lifecycle"}),
    ("layers/shared/webhooks/errors.py", "local.failures", {"home"}),
    ("functions/diff_run/app.py", "testing.spec", {"home"}),
    ("testing/spec.py", "tests.support.keys", {"tests"}),
    ("local/failures.py", "benchmarks.findings", {"tests"}),
    ("layers/shared/knowledge/imports/rows.py", "knowledge.generations.model", {"knowledge"}),
    ("layers/shared/knowledge/sources/model.py", "knowledge.items.model", {"knowledge"}),
    ("layers/shared/knowledge/unset.py", "knowledge.storage.format", {"knowledge"}),
    ("layers/shared/knowledge/storage/format.py", "knowledge.items.model", {"knowledge", "circles"}),
    ("layers/shared/knowledge/index/store.py", "knowledge.sources.model", {"index"}),
    ("layers/shared/webhooks/sending/signing.py", "webhooks.outbox.store", {"webhooks", "circles"}),
    ("layers/shared/httpapi/schemas/fields.py", "httpapi.render.counts", {"httpapi"}),
    ("layers/shared/httpapi/settings.py", "httpapi.rate_limit", {"httpapi"}),
    ("layers/search/search/errors.py", "knowledge.errors", {"deployed"}),
    ("layers/search/search/queries/tree.py", "search.segments.model", {"search", "circles"}),
    ("layers/search/search/hits/snippets.py", "tantivy", {"engine"}),
    ("layers/shared/knowledge/errors.py", "knowledge.earlier_tries", {"circles"}),
    ("local/template/load.py", "local.events.patterns", {"circles"}),
    ("clients/python/src/knowledge_client/errors.py", "knowledge.errors", {"client"}),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that the contracts speak of."""
    folder = tmp_path_factory.mktemp("rooms")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "docs").mkdir()
    for room in ROOMS:
        for path in (ROOT / room).rglob("*.py"):
            (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / path.relative_to(ROOT))
    return folder


@pytest.fixture
def changed(copy: Path) -> Iterator[dict[Path, str]]:
    """Take what is changed in the copy, by path, and bring it back afterwards; a new file is empty."""
    before: dict[Path, str] = {}
    yield before
    for path, text in before.items():
        path.write_text(text, "utf-8") if text else path.unlink()


def broken_contracts(folder: Path) -> set[str]:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PATHS), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = dict(re.findall(r"^(.+) (KEPT|BROKEN)$", done.stdout, re.MULTILINE))
    assert told.keys() == CONTRACTS.keys(), done.stdout + done.stderr
    broken = {CONTRACTS[name] for name, verdict in told.items() if verdict == "BROKEN"}
    assert bool(done.returncode) == bool(broken)
    return broken


def test_contracts_are_kept(copy: Path) -> None:
    assert broken_contracts(copy) == set(), "make lint says where"


@pytest.mark.parametrize(("importer", "imported", "contracts"), WRONG, ids=lambda value: str(value).rpartition("/")[2])
def test_wrong_import_breaks_its_contract(
    copy: Path, changed: dict[Path, str], importer: str, imported: str, contracts: set[str]
) -> None:
    path = copy / importer
    changed[path] = path.read_text("utf-8")
    path.write_text(
        f"{changed[path]}\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import {imported}\n", "utf-8"
    )
    assert broken_contracts(copy) == contracts


def test_every_contract_can_break() -> None:
    assert set().union(*(contracts for *_, contracts in WRONG)) == set(CONTRACTS.values())


@pytest.mark.parametrize("house", ["knowledge", "webhooks", "httpapi", "search"])
def test_new_module_without_a_place_in_the_order_is_told(copy: Path, changed: dict[Path, str], house: str) -> None:
    (layer,) = copy.glob(f"layers/*/{house}")
    path = layer / "novelty.py"
    changed[path] = ""
    path.touch()
    assert broken_contracts(copy) == {house}


def test_every_package_that_is_deployed_has_a_place_in_the_order() -> None:
    [deployed] = [contract for contract in CONFIGURATION["contracts"] if contract["id"] == "deployed"]
    packages = {path.parent.name for path in (ROOT / "layers").glob("*/*/__init__.py")}
    assert packages | {"functions"} == set(deployed["layers"])
    [home] = [contract for contract in CONFIGURATION["contracts"] if contract["id"] == "home"]
    assert home["source_modules"] == deployed["layers"]
    assert {*home["source_modules"], *home["forbidden_modules"]} == set(CONFIGURATION["root_packages"])


def test_drawing_is_up_to_date(copy: Path) -> None:
    """Drawn in a process of its own: pytest's path has other folders with the names of packages."""
    pages = [folder / "docs" / "architecture.md" for folder in (ROOT, copy)]
    for path in (pages[0], ROOT / "docs" / "draw_rooms.py"):
        shutil.copy(path, pages[1].parent)
    subprocess.run([sys.executable, copy / "docs" / "draw_rooms.py"], check=True)
    assert pages[0].read_text("utf-8") == pages[1].read_text("utf-8"), "run `make reference`"
