"""`make demo` as a newcomer runs it: the help centre, again, after an edit, and with a folder of one's own."""

from __future__ import annotations

import codecs
import itertools
import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.template import ROOT
from tests.e2e.example_checks import PACKAGE
from tests.support.demo import serving_demo
from tests.support.stack import StackProcess, require_whole_stack

DOCUMENTS = 1_000
READ_BACK = 10


@pytest.fixture(autouse=True)
def _whole_stack() -> None:
    require_whole_stack()


def demo(data: Path, content: Path | None = None) -> str:
    command = [sys.executable, "-m", "local", "demo", "--once", "--port", "0", "--data", str(data)]
    if content:
        command += ["--content", str(content)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr + done.stdout


def said(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, text
    return found.group(1)


def test_demo_publishes_then_keeps_then_updates(tmp_path: Path) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "examples" / "content", content)
    articles = [path for path in content.rglob("*") if path.suffix in {".md", ".html", ".txt"}]

    first = demo(tmp_path / "data", content)
    assert said(r"Published: (.+)", first) == f"{len(articles)} added"
    assert re.search(r"root hash +[0-9a-f]{64}", first)
    assert len(re.findall(r"^  curl ", first, re.MULTILINE)) == 4
    assert re.search(r"^  how do I return gloves\n    (?!nothing)\S.+: \S", first, re.MULTILINE)
    assert not re.search(r"^    (.+): \1 ", first, re.MULTILINE), "a title is said twice"
    assert re.search(
        r"^Ask in a browser:\n  http://127\.0\.0\.1:\d+/api/site/try\.html#pk_live_\w+$", first, re.MULTILINE
    )

    assert re.search(r"^  http://127\.0\.0\.1:\d+/api/site/portal/#code=pc_live_\w+$", first, re.MULTILINE)

    second = demo(tmp_path / "data", content)
    assert said(r"Published: (.+)", second) == "0 changes"
    assert said(r"generation (\S+)", second) == said(r"generation (\S+)", first)

    edited = random.Random(5).choice(articles)
    edited.write_text(edited.read_text("utf-8") + "\nOne more line.\n", "utf-8")
    third = demo(tmp_path / "data", content)
    assert said(r"Published: (.+)", third) == "1 updated"
    assert said(r"\(sequence (\d+)\)", third) == "2"
    assert said(r"root hash +(\S+)", third) != said(r"root hash +(\S+)", first)


def test_demo_offers_commands_that_work(tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    content = tmp_path / "content"
    content.mkdir()
    (content / "a.md").write_text("# Title\n\nText.\n")
    with serving_demo(tmp_path, content) as printed:
        commands = re.findall(r"^  ((?:export|curl) .+)$", printed, re.MULTILINE)
        exports, *curls = commands
        script = exports + "\n" + "; echo\n".join(curls)
        done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
        credentials = json.loads((tmp_path / "credentials.json").read_text("utf-8"))
        assert f"CHATBOT_API={credentials['baseUrl']} CHATBOT_KEY={credentials['apiKey']} " in exports
    assert not (tmp_path / "credentials.json").exists()
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 4
    assert all(answer.keys() & {"items", "changes", "generations", "results"} for answer in answers)


def real_documents() -> list[Path]:
    """Find Markdown, HTML and text that others wrote: what the installed packages brought along."""
    return list(itertools.islice(_documents_on_this_machine(), DOCUMENTS))


def _documents_on_this_machine() -> Iterator[Path]:
    for root in (sys.prefix, ROOT / "node_modules", f"{sys.base_prefix}/lib", "/usr/share"):
        for folder, subfolders, files in os.walk(root):
            subfolders.sort()
            for name in sorted(files):
                path = Path(folder) / name
                if path.suffix in {".md", ".html", ".txt"} and path.is_file() and path.stat().st_size < 200_000:
                    yield path


def test_folder_of_a_thousand_documents_reads_back_byte_for_byte(local_stack: StackProcess, tmp_path: Path) -> None:
    content = tmp_path / "documents"
    for number, path in enumerate(real_documents()):
        target = content / f"{number % 7}" / f"{number:04}-{path.name}"
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    # A few package files are empty or not UTF-8; enough of the author's own make up for them.
    others = sum(1 for _ in content.rglob("*.*"))
    (content / "own").mkdir()
    for number in range(max(DOCUMENTS // 10, DOCUMENTS + 50 - others)):
        (content / "own" / f"Größe & {number}.txt").write_bytes(f"Zeile eins\r\nline two {number}\n\n".encode())
    told = _publish(local_stack, content)
    not_read = told["problems"] + told["leftOut"]
    published = told["published"]["counts"]["added"]
    assert published >= DOCUMENTS
    assert published == sum(1 for path in content.rglob("*") if path.is_file()) - len(not_read)
    with local_stack.client() as api:
        served = dict(_served(api, api.get("v1/sources?label=documents").json()["sources"][0]["id"]))
    assert len(served) == published
    plain = [name for name in sorted(served) if _is_utf8(content / name)]
    for name in random.Random(7).sample(plain, READ_BACK):
        raw = (content / name).read_bytes().removeprefix(codecs.BOM_UTF8)
        assert raw.endswith(served[name].encode()), name
        assert raw == served[name].encode() or raw.startswith(b"---"), name


def _is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    return True


def _publish(stack: StackProcess, content: Path) -> dict[str, Any]:
    """Publish as one who has the package does; returns what `kb` says of it."""
    credentials = stack.credentials
    (content.parent / "kb.toml").write_text(
        '[source]\nname = "Documents"\nlabel = "documents"\nmoved_to = "anywhere"\n'
        f'path = "{content.name}"\n[folder]\nsuffixes = [".md", ".html", ".txt"]\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "knowledge_client.command", "apply", "--json"],
        cwd=content.parent,
        env={
            **PACKAGE,
            "CHATBOT_API": credentials["baseUrl"],
            "CHATBOT_KEY": credentials["apiKey"],
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    told = json.loads(done.stdout)
    assert done.returncode == (3 if told.get("problems") else 0), (done.stdout, done.stderr)
    assert told["outcome"] == "published"
    return told


def _served(api: Any, source_id: str) -> Iterator[tuple[str, str]]:
    cursor = ""
    while True:
        path = f"v1/sources/{source_id}/generations/current/items?include=content&limit=200{cursor}"
        page = api.get(path).raise_for_status().json()
        for item in page["items"]:
            if "content" in item:
                yield item["externalItemId"], item["content"]
        if not page["nextCursor"]:
            return
        cursor = f"&cursor={page['nextCursor']}"
