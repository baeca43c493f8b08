"""The widget's built file: as small as promised, what its source makes, and under a name that its bytes decide."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from local.template import ROOT
from testing.resources import continuous_integration

WIDGET = ROOT / "widget"
SITE = ROOT / "functions" / "serve_site" / "site"
MANIFEST = json.loads((SITE / "widget" / "widget.json").read_text("utf-8"))
FILE = SITE / "widget" / MANIFEST["file"]
MOST_BYTES = 15 * 1024
BUILT = sorted((SITE / "widget").glob("*/widget.js"))


def test_it_is_small_and_needs_nothing() -> None:
    assert len(gzip.compress(FILE.read_bytes(), mtime=0)) <= MOST_BYTES
    package = json.loads((WIDGET / "package.json").read_text("utf-8"))
    assert {"dependencies", "peerDependencies", "optionalDependencies"} & package.keys() == set()
    assert not re.search(rb"\bimport\s*[({\"']|\bfrom\s*[\"']|\beval\(|innerHTML|\bimport\(", FILE.read_bytes())


def test_manifest_names_it_with_its_version_and_hash() -> None:
    digest = base64.b64encode(hashlib.sha384(FILE.read_bytes()).digest()).decode()
    assert MANIFEST["integrity"] == f"sha384-{digest}"
    assert MANIFEST["file"].startswith(f"{MANIFEST['version']}-")
    assert MANIFEST["version"] == json.loads((WIDGET / "package.json").read_text("utf-8"))["version"]


@pytest.mark.parametrize("path", BUILT, ids=lambda path: path.parent.name)
def test_file_that_browsers_keep_for_a_year_has_the_bytes_of_its_name(path: Path) -> None:
    """Pages name earlier versions with their hash, so none may change; each stays for as long as its folder does."""
    assert path.parent.name.endswith(f"-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}")


def test_it_is_what_its_source_makes(tmp_path: Path) -> None:
    if not (WIDGET / "node_modules" / "esbuild").is_dir() or not shutil.which("node"):
        (pytest.fail if continuous_integration() else pytest.skip)("esbuild is not installed: run `make setup`")
    subprocess.run(["node", str(WIDGET / "build.mjs"), str(tmp_path)], check=True, capture_output=True)
    assert json.loads((tmp_path / "widget" / "widget.json").read_text()) == MANIFEST, "run `make widget`"
    assert (tmp_path / "widget" / MANIFEST["file"]).read_bytes() == FILE.read_bytes()


def test_every_language_says_all_that_another_says() -> None:
    """The compiler holds it; here for whoever changes words without it."""
    words = (WIDGET / "src" / "words.ts").read_text("utf-8")
    written = re.findall(r"= \{\n(.*?)^\};", words, re.MULTILINE | re.DOTALL)
    tables = [set(re.findall(r"^  (\w+):", table, re.MULTILINE)) for table in written]
    assert len(tables) == 3
    assert tables[0] == tables[1] == tables[2]
