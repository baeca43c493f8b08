"""`make demo`: publishes a folder of documents through the public API, the way a customer would."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from knowledge_client import KnowledgeClient, KnowledgeError, models
from knowledge_client.command.comparing import Comparison
from knowledge_client.command.kb_toml import ANYWHERE, NAME, KbToml
from knowledge_client.command.options import Options
from knowledge_client.command.running import persist, plan_folder
from knowledge_client.command.session import ApiTime, Session
from knowledge_client.command.showing import problem_lines
from knowledge_client.folder import FileChangedError, FolderError, Settings

from local.console import say
from local.credentials import Credentials, write_private
from local.failures import LocalStackError
from local.template import ROOT

HELP_CENTRE = ROOT / "examples" / "content"
HELP_CENTRE_LANGUAGE = "en"
QUESTIONS = ("how do I return gloves", "when is my plant dilivered", "cancel a subscription")
_KINDS = ("added", "updated", "restored", "removed", "tombstoned")


class DemoError(LocalStackError):
    """Raised when the folder can't be published."""

    exit_code = 8


def publish(base_url: str, credentials: Credentials, content: Path, data: Path, language: str | None) -> None:
    """Publish the folder as `kb apply` does, and report; a folder has the same source each time.

    `language` is what most documents are written in, such as `de`: without it a search knows no endings of words.
    """
    if not content.is_dir():
        raise DemoError(f"{content} is not a folder")
    try:
        with (
            KnowledgeClient(base_url, credentials.api_key) as api,
            KnowledgeClient(base_url, credentials.admin_key) as admin,
        ):
            say(f"Publishing the documents of {content} ...")
            source_id, changes = _mirror(api, content, language)
            _report(base_url, credentials, changes, api.generations.get(source_id))
            _ask(api, source_id)
            print(f"Ask in a browser:\n  {_page(base_url, admin, source_id, data)}\n", flush=True)
            portal = f"{base_url}/site/portal/#code={_sign_in_code(admin)}"
            print(f"See and publish in the portal, once and within 10 minutes:\n  {portal}\n", flush=True)
    except (KnowledgeError, FolderError, FileChangedError) as error:
        raise DemoError(str(error)) from error


def _mirror(api: KnowledgeClient, content: Path, language: str | None) -> tuple[str, str]:
    """Have a source serve what the folder holds; returns its id, and what was changed, in words."""
    session = Session(Options(), api, ApiTime(), _config(content))

    def prepare(comparison: Comparison) -> None:
        session.out.show(problem_lines(comparison.plan))
        if not comparison.folder.documents:
            raise DemoError(f"{content} holds no document that can be published{_left_out(comparison)}")
        if language is not None:
            api.sources.update(session.make_source()["id"], defaultLanguage=language)

    planned = persist(session, lambda: plan_folder(session, None, prepare), wait=False)
    source_id = session.make_source()["id"]
    if planned.run is None or planned.is_empty:
        return source_id, "0 changes"
    published = api.runs.apply(source_id, planned.run["id"], planVersion=planned.run["planVersion"])
    return source_id, _in_words(published["counts"])


def _config(content: Path) -> KbToml:
    """Say what the kb.toml of a folder would: each has a source of its own, so that none empties another."""
    folder = content.resolve()
    label = f"demo-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]}"
    name = f"Demo: {'/'.join(folder.parts[-2:])}"[:200]
    # Whoever runs the demo again wants to see the folder as it is: any number of files may have gone.
    return KbToml(
        folder / NAME, folder, name, label, moved_to=ANYWHERE, grace_days=0, removals_share=1.0, folder=Settings()
    )


def _left_out(comparison: Comparison) -> str:
    left_out = comparison.folder.left_out
    return f": {left_out[0].path} {left_out[0].reason}, as one of {len(left_out)} left out" if left_out else ""


def _in_words(counts: Mapping[str, Any]) -> str:
    """Say what a generation changed: `2 added, 1 updated`."""
    return ", ".join(f"{counts[kind]} {kind}" for kind in _KINDS if counts[kind]) or "0 changes"


def _page(base_url: str, admin: KnowledgeClient, source_id: str, data: Path) -> str:
    """Return the address of the page with the widget; its key for web pages is made once for each source and port."""
    kept = data / "browser_keys.json"
    keys: dict[str, str] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    address = urlsplit(base_url)
    name = f"{source_id} {address.port}"
    if name not in keys:
        origins = [f"http://{host}:{address.port}" for host in ("127.0.0.1", "localhost")]
        made = admin.keys.create(name="Demo page", kind="browser", sourceIds=[source_id], allowedOrigins=origins)
        keys[name] = made["secret"]
        write_private(kept, keys)
    return f"{base_url}/site/try.html#{keys[name]}"


def _sign_in_code(admin: KnowledgeClient) -> str:
    """Return a code that signs in to the portal as the tenant's owner, once."""
    return admin.sessions.create_sign_in_link(name="Demo", role="owner")["code"]


def _report(base_url: str, credentials: Credentials, changes: str, generation: models.Generation) -> None:
    authorization = '-H "Authorization: Bearer $CHATBOT_KEY"'
    source = '"$CHATBOT_API/v1/sources/$SID'
    lines = [
        "",
        f"Published: {changes}",
        "Served, as that generation was published:",
        f"  generation {generation['id']} (sequence {generation['sequence']})",
        f"  counts     {json.dumps(generation['counts'])}",
        f"  root hash  {generation['rootHash']}",
        "",
        "Try next, in another terminal:",
        f"  export CHATBOT_API={base_url} CHATBOT_KEY={credentials.api_key} SID={generation['sourceId']}",
        f'  curl -s {source}/generations/current/items?limit=3&include=content" {authorization}',
        f'  curl -s {source}/runs/{generation["runId"]}/changes?limit=5" {authorization}',
        f'  curl -s {source}/generations" {authorization}',
        "",
    ]
    print("\n".join(lines), flush=True)


def _ask(api: KnowledgeClient, source_id: str) -> None:
    """Ask three questions of what was published, and say how to ask one's own."""
    lines = ["Asked of it:"]
    for question in QUESTIONS:
        results = api.search(query=question, sourceIds=[source_id], limit=2)["results"]
        lines += [f"  {question}", *(map(_line, results) if results else ["    nothing"])]
    asked = '-H "Content-Type: application/json" -d \'{"query": "your question", "limit": 3}\''
    lines += [
        "",
        "Ask your own:",
        f'  curl -s "$CHATBOT_API/v1/search" -H "Authorization: Bearer $CHATBOT_KEY" {asked}',
        "",
    ]
    print("\n".join(lines), flush=True)


def _line(result: models.SearchResult) -> str:
    # A page that begins with its own title has it in the snippet, too.
    snippet = result["snippet"].removeprefix(f"{result['title']}\n")
    return f"    {result['title']}: {' '.join(snippet.split())[:100]}"
