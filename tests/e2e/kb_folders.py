"""`kb` as processes that may be killed, and what is served of the folders that they publish."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from knowledge_client import KnowledgeClient

from local.template import ROOT

PAGES = 24
# Batches of seven, so that there is something between them.
COMMAND = """
import knowledge_client.bodies
knowledge_client.bodies.PART_ITEMS = 7
from knowledge_client.command import main
raise SystemExit(main())
"""
KB_TOML = '[source]\nname = "Killed"\npath = "docs"\nlabel = "{label}"\nmoved_to = "anywhere"\n'

Contents = dict[str, str]


class Publishing:
    """A folder, the command that publishes it, and every set that it was told to publish."""

    def __init__(self, folder: Path, base_url: str, key: str, label: str) -> None:
        self.folder = folder
        self.label = label
        self._environment = {
            **{name: value for name, value in os.environ.items() if "proxy" not in name.lower()},
            "PYTHONPATH": str(ROOT / "clients" / "python" / "src"),
            "CHATBOT_API": base_url,
            "CHATBOT_KEY": key,
        }
        self.client = (base_url, key)
        (folder / "docs").mkdir(parents=True)
        (folder / "kb.toml").write_text(KB_TOML.format(label=label))
        self.wanted: list[Contents] = [{}]

    def change(self, dice: random.Random, turn: int) -> Contents:
        """Write other pages over some, add one and take one away; returns what is to be served."""
        docs = self.folder / "docs"
        names = [f"page-{number:02}.md" for number in range(PAGES)]
        for name in names if len(self.wanted) == 1 else dice.sample(names, 9):
            (docs / name).write_text(f"# {name}\n\nAs of {self.label}, turn {turn}.\n")
        (docs / f"new-{turn}.md").write_text(f"# New in turn {turn}\n")
        (docs / f"new-{turn - 1}.md").unlink(missing_ok=True)
        self.wanted.append({each.name: each.read_text("utf-8") for each in docs.iterdir()})
        return self.wanted[-1]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start the command."""
        command = [sys.executable, "-c", COMMAND, *(arguments or ("apply", "--approve-removals", "99"))]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Run the command to its end; returns its exit code and what it printed."""
        process = self.start(*arguments)
        printed, _ = process.communicate()
        return process.returncode, printed

    def served(self) -> Contents:
        """Read what is served, contents by ids."""
        with KnowledgeClient(*self.client) as client:
            source = next(iter(client.sources.list(label=self.label)), None)
            if source is None or source["generationId"] is None:
                return {}
            items = client.generations.items(source["id"], source["generationId"], with_content=True)
            return {each["externalItemId"]: each["content"] for each in items}
