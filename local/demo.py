"""`make demo`: publishes a folder of documents through the public API, the way a customer would."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from local.console import say
from local.credentials import Credentials, write_private
from local.failures import LocalStackError
from local.template import ROOT

HELP_CENTRE = ROOT / "examples" / "content"
HELP_CENTRE_LANGUAGE = "en"
QUESTIONS = ("how do I return gloves", "when is my plant dilivered", "cancel a subscription")
# What the example is made of, as its users have it installed.
_EXAMPLE = [str(ROOT / "examples" / "python"), str(ROOT / "clients" / "python" / "src")]


class DemoError(LocalStackError):
    """Raised when the folder can't be published."""

    exit_code = 8


def publish(base_url: str, credentials: Credentials, content: Path, data: Path, language: str | None) -> None:
    """Push, run, apply and report; the source's id is kept in the data directory for the next time.

    `language` is what most documents are written in, such as `de`: without it a search knows no endings of words.
    """
    example = _load_example()
    if not content.is_dir():
        raise DemoError(f"{content} is not a folder")
    folder = example.read_folder(content)
    for line in folder.skipped:
        say(f"skipped {line}")
    if not folder.items:
        raise DemoError(f"{content} holds no .md, .html or .txt file that can be published")
    api = example.KnowledgeClient(base_url, credentials.api_key)
    try:
        source_id = _source(example, api, content, data, language)
        say(f"Pushing {len(folder.items)} documents of {content} ...")
        outcome = example.sync(api, folder, source_id, apply=True, progress=example.show_progress)
        generation = api.generations.get(source_id)
    except example.KnowledgeError as error:
        raise DemoError(str(error)) from error
    _report(base_url, credentials, example.changes_of(outcome.run["counts"]), outcome, generation)
    _ask(example, api, outcome.source_id)
    print(f"Ask in a browser:\n  {_page(base_url, credentials, outcome.source_id, data)}\n", flush=True)
    print(
        f"See and publish in the portal, once and within 10 minutes:\n  {_portal(base_url, credentials)}\n", flush=True
    )


def _load_example() -> ModuleType:
    """Import the example, which lies in a folder that is no package."""
    sys.path += [folder for folder in _EXAMPLE if folder not in sys.path]
    return importlib.import_module("sync_folder")


def _source(example: ModuleType, api: Any, content: Path, data: Path, language: str | None) -> str:
    """Return the source that belongs to a folder: each folder has one of its own, so that none empties another."""
    kept = data / "sources.json"
    sources: dict[str, str] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    folder = str(content.resolve())
    if folder not in sources:
        sources[folder] = example.source_named(api, f"Demo: {folder}"[:200])
        write_private(kept, sources)
    if language is not None:
        api.sources.update(sources[folder], defaultLanguage=language)
    return sources[folder]


def _page(base_url: str, credentials: Credentials, source_id: str, data: Path) -> str:
    """Return the address of the page with the widget; its key for web pages is made once for each source and port."""
    kept = data / "browser_keys.json"
    keys: dict[str, str] = json.loads(kept.read_text("utf-8")) if kept.exists() else {}
    address = urlsplit(base_url)
    name = f"{source_id} {address.port}"
    if name not in keys:
        origins = [f"http://{host}:{address.port}" for host in ("127.0.0.1", "localhost")]
        wanted = {"name": "Demo page", "kind": "browser", "sourceIds": [source_id], "allowedOrigins": origins}
        try:
            admin = _load_example().KnowledgeClient(base_url, credentials.admin_key)
            keys[name] = admin.keys.create(**wanted)["secret"]
        except _load_example().KnowledgeError as error:
            raise DemoError(str(error)) from error
        write_private(kept, keys)
    return f"{base_url}/site/try.html#{keys[name]}"


def _portal(base_url: str, credentials: Credentials) -> str:
    """Return a link that signs in to the portal as the tenant's owner, once."""
    example = _load_example()
    try:
        api = example.KnowledgeClient(base_url, credentials.admin_key)
        code = api.request("POST", "/v1/portal/sign-in-links", {"name": "Demo", "role": "owner"})["code"]
    except example.KnowledgeError as error:
        raise DemoError(str(error)) from error
    return f"{base_url}/site/portal/#code={code}"


def _report(base_url: str, credentials: Credentials, changes: str, outcome: Any, generation: dict[str, Any]) -> None:
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
        f"  export CHATBOT_API={base_url} CHATBOT_KEY={credentials.api_key} SID={outcome.source_id}",
        f'  curl -s {source}/generations/current/items?limit=3&include=content" {authorization}',
        f'  curl -s {source}/runs/{outcome.run["id"]}/changes?limit=5" {authorization}',
        f'  curl -s {source}/generations" {authorization}',
        "",
    ]
    print("\n".join(lines), flush=True)


def _ask(example: ModuleType, api: Any, source_id: str) -> None:
    """Ask three questions of what was published, and say how to ask one's own."""
    lines = ["Asked of it:"]
    try:
        for question in QUESTIONS:
            found = api.search(query=question, sourceIds=[source_id], limit=2)
            lines += [f"  {question}", *(f"    {_line(result)}" for result in found["results"] or [{}])]
    except example.KnowledgeError as error:
        raise DemoError(str(error)) from error
    asked = '-H "Content-Type: application/json" -d \'{"query": "your question", "limit": 3}\''
    lines += [
        "",
        "Ask your own:",
        f'  curl -s "$CHATBOT_API/v1/search" -H "Authorization: Bearer $CHATBOT_KEY" {asked}',
        "",
    ]
    print("\n".join(lines), flush=True)


def _line(result: dict[str, Any]) -> str:
    if not result:
        return "nothing"
    # A page that begins with its own title has it in the snippet, too.
    snippet = result["snippet"].removeprefix(f"{result['title']}\n")
    return f"{result['title']}: {' '.join(snippet.split())[:100]}"
