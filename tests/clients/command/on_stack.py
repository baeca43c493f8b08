"""The command in this process against the local stack."""

from __future__ import annotations

from pathlib import Path

import pytest
from knowledge_client import KnowledgeClient
from knowledge_client.command import main

from tests.clients.command.driver import Ended
from tests.contract.tenant import Tenant


class StackKb:
    """Runs `kb` as a key of a tenant; `source_id` is added as `--source` where a command takes it."""

    def __init__(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path, tenant: Tenant
    ) -> None:
        self.folder = folder
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        monkeypatch.setenv("CHATBOT_API", tenant.base_url)
        self.as_key(tenant.token)

    def as_key(self, key: str) -> None:
        self._monkeypatch.setenv("CHATBOT_KEY", key)

    def __call__(self, *arguments: str) -> Ended:
        self._capsys.readouterr()
        code = main(arguments)
        printed = self._capsys.readouterr()
        return Ended(code, printed.out, printed.err)


def publish(client: KnowledgeClient, source_id: str, message: str | None = None) -> str:
    """Publish what is staged; returns the generation's id."""
    run = client.runs.start(source_id)
    return client.runs.apply(source_id, run["id"], planVersion=run["planVersion"], message=message)["generationId"]
