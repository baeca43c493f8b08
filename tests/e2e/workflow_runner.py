"""A small runner for GitHub workflows: the `run` steps of their jobs in a checkout, with `gh` and `pip` recorded."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.template import ROOT
from testing.resources import continuous_integration

EXPRESSION = re.compile(r"\$\{\{\s*(.+?)\s*\}\}")
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
# Stands in for GitHub's own program: keeps the comments of a pull request in a file, as the API would show them.
GH = """#!{python}
import argparse, json, os, pathlib, subprocess, sys
parser = argparse.ArgumentParser()
parser.add_argument("command", choices=["api"])
parser.add_argument("endpoint")
parser.add_argument("--method", default="GET")
parser.add_argument("--field")
parser.add_argument("--jq", default=".")
parser.add_argument("--paginate", action="store_true")
parser.add_argument("--silent", action="store_true")
asked = parser.parse_args()
assert os.environ["GH_TOKEN"], "gh needs a token"
store = pathlib.Path({comments!r})
comments = json.loads(store.read_text())
if asked.method == "GET":
    done = subprocess.run(["jq", "-r", asked.jq], input=json.dumps(comments), text=True)
    sys.exit(done.returncode)
name, _, file = asked.field.partition("=@")
body = pathlib.Path(file).read_text("utf-8")
assert name == "body" and len(body) <= 65536
if asked.method == "POST":
    comments.append({{"id": len(comments) + 1, "user": {{"type": "Bot"}}, "on": asked.endpoint, "body": body}})
else:
    [comment] = [each for each in comments if asked.endpoint.endswith("/comments/" + str(each["id"]))]
    comment["body"] = body
store.write_text(json.dumps(comments))
"""
PIP = '#!/bin/sh\necho "$@" >>"{installed}"\n'
KB = '#!/bin/sh\nPYTHONPATH="{package}" exec "{python}" -m knowledge_client.command "$@"\n'


@dataclass
class Runner:
    """Runs the jobs of one workflow in `checkout`; `folder` takes what is not part of the checkout.

    `contexts` are GitHub's: `{"github": ..., "vars": ..., "secrets": ...}`; anything else that is named is an error.
    """

    workflow: dict[Any, Any]
    checkout: Path
    folder: Path
    contexts: dict[str, Any]
    comments: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Lay out what the steps find on their PATH."""
        tools = self.folder / "bin"
        (self.folder / "temp").mkdir(parents=True)
        tools.mkdir()
        (self.folder / "summary").touch()
        (self.folder / "installed").touch()
        self._store.write_text(json.dumps(self.comments))
        values = {
            "python": sys.executable,
            "package": str(ROOT / "clients" / "python" / "src"),
            "comments": str(self._store),
            "installed": self.folder / "installed",
        }
        for name, script in {"gh": GH, "pip": PIP, "kb": KB}.items():
            (tools / name).write_text(script.format(**values))
            (tools / name).chmod(0o755)

    @property
    def _store(self) -> Path:
        return self.folder / "comments.json"

    @property
    def summary(self) -> str:
        """What the steps wrote for the page of the run."""
        return (self.folder / "summary").read_text("utf-8")

    @property
    def installed(self) -> list[str]:
        """The arguments of every call of pip."""
        return (self.folder / "installed").read_text().splitlines()

    def run(self) -> dict[str, str]:
        """Run every job whose condition holds; returns what each printed. A step that fails fails the test."""
        printed = {}
        for name, job in self.workflow["jobs"].items():
            if self._holds(job.get("if", "true")):
                printed[name] = "".join(self._run_step(job, step) for step in job["steps"])
        self.comments = json.loads(self._store.read_text())
        return printed

    def _run_step(self, job: dict[str, Any], step: dict[str, Any]) -> str:
        if "uses" in step:
            assert PINNED.fullmatch(step["uses"]), f"{step['uses']} is not pinned to a commit"
            return ""
        assert not EXPRESSION.search(step["run"]), "an expression in a script lets its value be run; use env"
        declared = {**self.workflow.get("env", {}), **job.get("env", {}), **step.get("env", {})}
        done = subprocess.run(
            [*SHELL, "-c", step["run"]],
            cwd=self.checkout,
            env=self._environment() | {name: self._filled(str(value)) for name, value in declared.items()},
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, f"{step.get('name')}: {done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder}/bin:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "CI": str(continuous_integration()).lower(),
            "RUNNER_TEMP": str(self.folder / "temp"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
        }

    def _filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: str(self._value(found[1]) or ""), text)

    def _holds(self, condition: str) -> bool:
        """Evaluate comparisons that are joined by `&&`, which is all that the workflows here use."""
        return all(self._compared(part.strip()) for part in condition.split("&&"))

    def _compared(self, comparison: str) -> bool:
        if comparison == "true":
            return True
        left, sign, right = re.split(r"\s*(==|!=)\s*", comparison)
        return bool(self._value(left) == self._value(right)) is (sign == "==")

    def _value(self, expression: str) -> Any:
        if expression.startswith("'"):
            return expression.strip("'")
        value: Any = self.contexts
        for name in expression.split("."):
            value = value[name]
        return value
