"""Renders what the stack serves of its contract from openapi.yaml, for functions/serve_site: `make reference`.

That is the contract as JSON, the reference as one page of HTML, and llms.txt. The function has no YAML and no Markdown.
"""

from __future__ import annotations

import json
import sys
from html import escape
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

sys.path.insert(0, str(Path(__file__).parent))

from render_reference import ROOT, Reference, read_contract

FUNCTION = ROOT / "functions" / "serve_site"
# What is the gateway's own: its extensions, and the paths that are no operations.
_GATEWAY = "x-amazon-apigateway-"
_NO_PATHS = ("/site/{file+}", "/openapi.json", "/{proxy+}")


def public_contract(document: dict[str, Any]) -> dict[str, Any]:
    """Return the contract without what only the gateway reads."""
    paths = {path: item for path, item in document["paths"].items() if path not in _NO_PATHS}
    found: dict[str, Any] = _without_gateway({**document, "paths": paths})
    return found


def _without_gateway(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_gateway(entry) for entry in value]
    if isinstance(value, dict):
        return {name: _without_gateway(entry) for name, entry in value.items() if not name.startswith(_GATEWAY)}
    return value


def render_page(document: dict[str, Any]) -> str:
    """Return the reference as a page that needs no script, and no style but its own file's."""
    reference = Reference(document)
    title = escape(f"{document['info']['title']}: reference")
    links = []
    for tag in document["tags"]:
        links.append(f"<h2>{escape(tag['name'])}</h2><ul>")
        for method, path, operation in reference.operations(tag["name"]):
            name = f"<b>{method}</b> {escape(path)}"
            links.append(f'<li><a href="#{operation["operationId"]}">{name}</a></li>')
        links.append("</ul>")
    body = MarkdownIt("commonmark").enable("table").render(reference.render(made_from=False))
    # A phone has no room for columns side by side: its lines break, and nothing is scrolled sideways.
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            '<link rel="stylesheet" href="docs.css">',
            "</head>",
            "<body>",
            '<a class="skip" href="#reference">To the reference</a>',
            '<nav aria-label="Operations">',
            '<p><a href="../openapi.json">openapi.json</a> <a href="llms.txt">llms.txt</a></p>',
            *links,
            '<h2><a href="#objects">Objects</a></h2>',
            "</nav>",
            '<main id="reference">',
            body.replace("<h2>Objects</h2>", '<h2 id="objects">Objects</h2>').rstrip(),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def render_llms(document: dict[str, Any]) -> str:
    """Return llms.txt (llmstxt.org): what a model has to know to find the rest."""
    info, reference = document["info"], Reference(document)
    first, _, rest = info["description"].strip().partition("\n\n")
    lines = [f"# {info['title']}", "", f"> {first}", "", rest, "", "## Contract", ""]
    lines += ["- [OpenAPI 3.0](../openapi.json): every request, field and answer, for programs"]
    lines += ["- [Reference](docs): the same, for people", ""]
    for tag in document["tags"]:
        lines += [f"## {tag['name']}", "", tag["description"], ""]
        for method, path, operation in reference.operations(tag["name"]):
            lines.append(f"- [{method} {path}](docs#{operation['operationId']}): {operation['summary']}")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def rendered() -> dict[Path, str]:
    """Return every file that is made of openapi.yaml as it is now."""
    document = public_contract(read_contract())
    return {
        # In lines, so that changes can be merged.
        FUNCTION / "openapi.json": json.dumps(document, indent=1, ensure_ascii=False) + "\n",
        FUNCTION / "site" / "docs.html": render_page(document),
        FUNCTION / "site" / "llms.txt": render_llms(document),
    }


if __name__ == "__main__":
    for target, text in rendered().items():
        target.write_text(text, "utf-8")
