"""`kb init`: writes kb.toml. Asks nobody, and needs no key."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import click

from knowledge_client.command.exits import Exit
from knowledge_client.command.kb_toml import NAME, KbToml, KbTomlError, add_setting, read_kb_toml, written_text
from knowledge_client.command.options import Options, common_options, pass_options
from knowledge_client.command.output import Line, styled
from knowledge_client.command.places import place_of
from knowledge_client.command.session import working_folder
from knowledge_client.folder import FolderReader

# What lies beside a folder of documents, and what makes addresses of its pages then.
_SITES = (
    ("docusaurus", "docusaurus.config.*"),
    ("mkdocs", "mkdocs.y*ml"),
    ("hugo", "hugo.*"),
)
_SLUG_CHARACTERS = 40
_TEMPLATE = """\
# What `kb` publishes: `kb diff` shows what would change, `kb apply` publishes it. Keep this file with the content.

[source]
path = {path}
name = {name}
# Tells the source of this folder, and what it mirrors. Keep it as it is: another label is another source.
label = {label}
# For how many days what is removed, or renamed, is still served under its old name.
grace_days = 0
# More removals at once than this share of what is served need --approve-removals.
removals_share = 0.2

[folder]
# Patterns as in a .gitignore.
include = []
exclude = []
# Where the pages are read, and which rules make their addresses: plain, docusaurus, hugo or mkdocs.
{base_url}
slugs = {slugs}
"""


@click.command(short_help="Write kb.toml for a folder of documents.")
@click.argument("folder", required=False, type=click.Path(path_type=Path))
@click.option("--name", help="The name of the source, for people.")
@click.option("--site-url", metavar="URL", help="Where the pages are read; their addresses are made from it.")
@click.option("--new", is_flag=True, help="Give a copied kb.toml a source of its own.")
@click.option("--moved", is_flag=True, help="Say that the folder was moved here, and keeps its source.")
@common_options
@pass_options
def init(options: Options, folder: Path | None, name: str | None, site_url: str | None, new: bool, moved: bool) -> int:
    """Write kb.toml here for the documents in FOLDER. The source itself is made by the first push, plan or apply."""
    file = options.config or working_folder() / NAME
    config = _changed(file, new=new) if new or moved else _written(file, folder or working_folder(), name, site_url)
    found = FolderReader.of(config.root, config.folder).read()
    document = {
        "file": str(file),
        "label": config.label,
        "documents": len(found.documents),
        "problems": len(found.problems),
    }
    lines: list[Line] = [
        styled(("Wrote ", "bold"), str(file)),
        styled(f"{len(found.documents)} documents, {len(found.left_out)} left out, {len(found.problems)} problems"),
        "Next: kb diff shows what would be published.",
    ]
    options.output().tell(document, lines)
    return Exit.DONE


def _written(file: Path, folder: Path, name: str | None, site_url: str | None) -> KbToml:
    if not folder.is_dir():
        raise KbTomlError(f"{folder} is no folder", "Name the folder of your documents: kb init FOLDER")
    real = Path(os.path.realpath(folder))
    text = _TEMPLATE.format(
        path=written_text(_path_from(file.parent, real)),
        name=written_text(name if name is not None else f"{real.parent.name} {real.name}".strip()[:200] or "Documents"),
        label=written_text(label_of(real)),
        base_url=f"base_url = {written_text(site_url)}" if site_url else '# base_url = "https://example.com/docs"',
        slugs=written_text(_slugs_of(real)),
    )
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError as error:
        raise KbTomlError(
            f"{file} is there already",
            "Change it by hand; or with --new if it is a copy, --moved if it was moved. "
            "For another folder write another one: --config other.toml.",
        ) from error
    try:
        return read_kb_toml(file)
    except KbTomlError:
        # Of what was said on the command line: nothing wrong is left behind.
        file.unlink()
        raise


def _changed(file: Path, *, new: bool) -> KbToml:
    config = read_kb_toml(file)
    text = file.read_bytes().decode("utf-8-sig")
    setting, value = ("label", label_of(config.root)) if new else ("moved_to", place_of(config.root))
    part = file.with_name(f"{file.name}.part")
    try:
        part.write_text(add_setting(text, setting, value), "utf-8", newline="")
        changed = read_kb_toml(part)
        if value not in {changed.label, changed.moved_to}:
            raise KbTomlError(f"{file} is not written as kb init does", f"Set it by hand: {setting} = {value!r}")
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return read_kb_toml(file)


def label_of(folder: Path) -> str:
    """Make a label that no other folder has: a name, chance, and what is mirrored."""
    slug = re.sub(r"[^a-z0-9]+", "-", Path(os.path.realpath(folder)).name.lower()).strip("-")[:_SLUG_CHARACTERS]
    return f"{slug or 'docs'}-{secrets.token_hex(4)}@{place_of(folder)}"


def _path_from(start: Path, folder: Path) -> str:
    try:
        return Path(os.path.relpath(folder, os.path.realpath(start))).as_posix()
    except ValueError:  # Another drive of Windows.
        return folder.as_posix()


def _slugs_of(folder: Path) -> str:
    for rules, pattern in _SITES:
        if any(next(each.glob(pattern), None) for each in (folder, folder.parent)):
            return rules
    return "plain"
