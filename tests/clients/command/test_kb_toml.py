"""kb.toml: what is wrong in it is named with its line, and a copy of it is not taken for its folder."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from knowledge_client.command.kb_toml import KbTomlError, add_setting, find_kb_toml, read_kb_toml, written_text
from knowledge_client.command.places import PLACE_CHARACTERS, place_of

SOUND = '[source]\nname = "Docs"\nlabel = "docs-1@x/y"\n'


def refused(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "kb.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(KbTomlError) as error:
        read_kb_toml(file)
    assert error.value.next_step
    return str(error.value).removeprefix(str(file))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[source\n", "(at line 1, column 8)"),
        (b"\xff\xfe", " is not UTF-8 (byte 0)"),
        ("x = 1\n", ", line None: x is no setting"),
        ("", ": [source] name is missing"),
        ('[source]\nname = ""\n', ", line 2: [source] name must be a name of 1 to 200 characters"),
        ('[source]\nname = "D"\nlabel = "a b"\n', ", line 3: [source] label must be as `kb init` writes it"),
        (SOUND + "grace_days = 366\n", ", line 4: [source] grace_days must be a number of days from 0 to 365"),
        (SOUND + "grace_days = true\n", ", line 4: [source] grace_days must be a number"),
        (
            SOUND + "# share = 3\n\nremovals_share = 20\n",
            ", line 6: [source] removals_share must be a share from 0 to 1",
        ),
        (SOUND + 'lable = "x"\n', ", line 4: [source] lable is no setting. There are path, name, label,"),
        (SOUND + "[folder]\nsuffixes = 3\n", ", line 5: [folder] suffixes: suffixes must be a list of texts"),
        (SOUND + '[folder]\nslug = "hugo"\n', ", line 5: [folder] slug: [folder] has no setting 'slug'"),
        (SOUND + '[folder.encodings]\n"*.txt" = "klingon"\n', ", line 4: [folder] encodings: encodings: '*.txt' names"),
    ],
)
def test_fault_is_named_with_its_line_and_its_setting(tmp_path: Path, text: str | bytes, wanted: str) -> None:
    assert wanted.replace(", line None", "") in refused(tmp_path, text).replace(", line 1: x", ": x")


def test_settings_are_read(tmp_path: Path) -> None:
    file = tmp_path / "kb.toml"
    file.write_text(
        "\ufeff" + SOUND.replace("\n", "\r\n") + 'path = "docs"\n[folder]\nbase_url = "https://e.com"\n', "utf-8"
    )
    config = read_kb_toml(file)
    assert (config.root, config.place, config.grace_days, config.removals_share) == (tmp_path / "docs", "x/y", 0, 0.2)
    assert config.folder.base_url == "https://e.com"


def test_file_is_found_further_up(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "kb.toml").write_text(SOUND)
    assert find_kb_toml(None, inner) == tmp_path / "kb.toml"
    assert find_kb_toml(tmp_path, inner) == tmp_path / "kb.toml"
    with pytest.raises(KbTomlError):
        find_kb_toml(inner / "kb.toml", inner)


def test_setting_is_added_and_all_else_stays(tmp_path: Path) -> None:
    text = "# ours\n" + SOUND + "# more\n[folder]\nexclude = []\n"
    once = add_setting(text, "moved_to", 'a"b\\c\x7f')
    assert once.replace('moved_to = "a\\"b\\\\c\\u007f"\n', "") == text
    twice = add_setting(once, "moved_to", "elsewhere")
    (tmp_path / "kb.toml").write_text(twice)
    assert read_kb_toml(tmp_path / "kb.toml").moved_to == "elsewhere"
    assert written_text("ä\n") == '"ä\\n"'


def repository(folder: Path, address: str | None) -> Path:
    folder.mkdir()
    subprocess.run(["git", "init", "-q", folder], check=True)
    if address:
        subprocess.run(["git", "-C", folder, "remote", "add", "origin", address], check=True)
    return folder


@pytest.mark.parametrize(
    "address",
    [
        "https://github.com/acme/site.git",
        "https://jo:secret@github.com/acme/site",
        "git@github.com:acme/site.git",
        "ssh://git@GitHub.com:22/acme/site/",
    ],
)
def test_checkout_is_its_repository_and_the_path_in_it(tmp_path: Path, address: str) -> None:
    root = repository(tmp_path / "one", address)
    (root / "docs").mkdir()
    assert place_of(root / "docs") == "github.com/acme/site/docs"
    assert place_of(root) == "github.com/acme/site"
    subprocess.run(
        ["git", "-C", root, "-c", "user.name=x", "-c", "user.email=x@x", "commit", "-q", "--allow-empty", "-m", "x"],
        check=True,
    )
    subprocess.run(["git", "-C", root, "worktree", "add", "-q", tmp_path / "two"], check=True)
    assert place_of(tmp_path / "two") == "github.com/acme/site"


@pytest.mark.parametrize("address", [None, "/srv/git/site.git", r"C:\git\site"])
def test_folder_without_a_common_name_is_its_path_on_this_machine(tmp_path: Path, address: str | None) -> None:
    root = repository(tmp_path / "site", address)
    assert place_of(root).endswith("/site")
    assert place_of(tmp_path).count("/") == place_of(root).count("/") - 1


def test_places_that_differ_stay_different_as_labels(tmp_path: Path) -> None:
    names = ["größe", "grösse", "a b", "a_b", "x" * 200, "x" * 199 + "y"]
    places = {place_of(tmp_path / name) for name in names}
    assert len(places) == len(names)
    assert all(len(place) <= PLACE_CHARACTERS and place.isascii() and " " not in place for place in places)
