"""What of a folder is read, what is left out, and what nobody can know."""

from __future__ import annotations

import errno
import os
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from knowledge_client import content_hash
from knowledge_client.folder import (
    FileChangedError,
    FolderError,
    Settings,
    file_bytes,
    make_plan,
    read_settings,
)

from tests.clients.folder.trees import as_somebody, open_folder, problems_of, read, reader_of, served_of, write_tree

PAGE = "# Page\n"


def ids(folder: Any) -> list[str]:
    return [each.external_item_id for each in folder.documents]


def left_out(folder: Any) -> dict[str, str]:
    return {each.path: each.reason for each in folder.left_out}


def test_documents_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    names = ["b.md", "a/z.md", "a-b.md", "a.md", "a/b/c.md", "Z.md", "ü.md", "a0.md", "\U0001f600.md", "\uff61.md"]
    folder = read(write_tree(tmp_path, dict.fromkeys(names, PAGE)))
    assert ids(folder) == sorted(names)
    assert folder == read(tmp_path)


def test_all_kinds_and_no_others_are_read(tmp_path: Path) -> None:
    names = ["a.md", "b.mdx", "c.html", "d.htm", "e.txt", "f.rst", "G.MD"]
    others = ["h.markdown", "i.adoc", "j.png", "k.py", "LICENSE"]
    folder = read(write_tree(tmp_path, dict.fromkeys([*names, *others], PAGE)))
    assert ids(folder) == sorted(names)
    assert list(folder.others) == sorted(others)
    assert ids(read(tmp_path, suffixes=(".markdown",))) == ["h.markdown"]


def test_what_nobody_wrote_for_readers_is_left_out(tmp_path: Path) -> None:
    names = ["a.md", "node_modules/x/README.md", ".github/b.md", ".c.md", "sub/node_modules/d.md", "_drafts/e.md"]
    folder = read(write_tree(tmp_path, dict.fromkeys(names, PAGE)))
    assert ids(folder) == ["a.md"]
    assert set(left_out(folder)) == {".github", ".c.md", "node_modules", "sub/node_modules", "_drafts"}
    assert ids(read(tmp_path, exclude=("!_drafts",))) == ["_drafts/e.md", "a.md"]


def test_patterns_of_the_settings(tmp_path: Path) -> None:
    names = ["a.md", "private/b.md", "docs/c.md", "docs/old/d.md", "docs/old/keep.md"]
    write_tree(tmp_path, dict.fromkeys(names, PAGE))
    assert ids(read(tmp_path, exclude=("private/", "docs/old/*", "!docs/old/keep.md"))) == [
        "a.md",
        "docs/c.md",
        "docs/old/keep.md",
    ]
    included = read(tmp_path, include=("docs/**/*.md",))
    assert ids(included) == ["docs/c.md", "docs/old/d.md", "docs/old/keep.md"]
    assert left_out(included) == {"a.md": "is not in include", "private/b.md": "is not in include"}


GITIGNORES = st.lists(
    st.sampled_from(
        [
            "*.txt",
            "!*.txt",
            "/a",
            "a/",
            "!a/",
            "b*",
            "**/b",
            "a/**",
            "a/*",
            "!a/b.md",
            "/a/b/",
            "*",
            "!*/",
            "# a",
            "\\#c.md",
            "[ab].md",
            "?.md",
            "a/**/c.md",
            " b.md",
            "b.md ",
            "\\!c.md",
            "",
            "c.md/",
            "/*",
            "!/a",
            "!/a/b",
        ]
    ),
    max_size=4,
)


@settings(max_examples=int(os.environ.get("FOLDER_EXAMPLES", "25")))
@example({"": ["*.md", "!b.md"], "a/": [], "a/b/": []})
@example({"": ["!b.md", "*.md"], "a/": ["!c.md"], "a/b/": []})
@example({"": ["b*", "!/a"], "a/": ["!b.md"], "a/b/": []})
@example({"": ["a/**", "!a/b.md"], "a/": [], "a/b/": []})
@example({"": ["*", "!*/", "!c.md"], "a/": [], "a/b/": ["c.md"]})
@given(st.fixed_dictionaries({"": GITIGNORES, "a/": GITIGNORES, "a/b/": GITIGNORES}))
def test_gitignore_files_count_as_they_do_for_git(patterns: dict[str, list[str]]) -> None:
    names = ["a.md", "b.md", "c.md", "#c.md", "!c.md", "b.txt", "a/b.md", "a/c.md", "a/b/c.md", "a/b/d.txt", "b/a/b.md"]
    with open_folder() as root:
        write_tree(root, dict.fromkeys(names, PAGE))
        write_tree(root, {f"{place}.gitignore": "\n".join(lines) + "\n" for place, lines in patterns.items()})
        subprocess.run(["git", "init", "-q", root], check=True)
        listed = ["git", "-C", root, "-c", "core.quotePath=off", "ls-files", "-oz", "--exclude-standard"]
        told = subprocess.run(listed, check=True, capture_output=True).stdout.decode().split("\0")
        assert ids(read(root)) == sorted(set(told) & set(names))


def test_gitignore_files_above_the_folder_count_within_a_repository(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".gitignore": "docs/private/\n*.txt\nout/\n",
            ".git/HEAD": "x",
            "docs/a.md": PAGE,
            "docs/b.txt": PAGE,
            "docs/private/c.md": PAGE,
            "out/d.md": PAGE,
            "out/e.txt": PAGE,
        },
    )
    assert ids(read(tmp_path / "docs")) == ["a.md"]
    # Whoever names a folder that is ignored wants it read.
    assert ids(read(tmp_path / "out")) == ["d.md", "e.txt"]
    (tmp_path / ".git" / "HEAD").unlink()
    (tmp_path / ".git").rmdir()
    assert ids(read(tmp_path / "docs")) == ["a.md", "b.txt", "private/c.md"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * 1_048_577, None])
def test_folder_whose_gitignore_cannot_be_read_is_a_problem_as_a_whole(tmp_path: Path, content: bytes | None) -> None:
    write_tree(tmp_path, {"sub/secret.md": PAGE, "sub/in/b.md": PAGE, "a.md": PAGE})
    served = served_of(read(tmp_path))
    path = tmp_path / "sub" / ".gitignore"
    path.symlink_to("gone") if content is None else path.write_bytes(content)
    folder = read(tmp_path)
    assert ids(folder) == ["a.md"]
    assert "nobody knows what it leaves out" in problems_of(folder)["sub"]
    assert make_plan(folder, served).is_empty
    path.rename(tmp_path / ".gitignore")
    with pytest.raises(FolderError, match=r"has a \.gitignore that"):
        read(tmp_path)


def test_root_must_be_a_folder(tmp_path: Path) -> None:
    write_tree(tmp_path, {"a.md": PAGE})
    for root in (tmp_path / "gone", tmp_path / "a.md"):
        with pytest.raises(FolderError, match="can't be looked into"):
            read(root)


@pytest.mark.parametrize(
    ("files", "settings"),
    [
        ({}, {}),
        ({".DS_Store": b"x", "lost+found/.keep": b""}, {}),
        ({"logo.png": b"x"}, {}),
        ({"a.md": PAGE}, {"exclude": ("*",)}),
        ({"a.md": PAGE}, {"include": ("docs/",)}),
        ({"a.md": b""}, {}),
    ],
)
def test_folder_without_documents_removes_nothing(tmp_path: Path, files: Any, settings: Any) -> None:
    served = served_of(read(write_tree(tmp_path / "was", {"a.md": PAGE, "b/c.md": PAGE})))
    (tmp_path / "now").mkdir()
    plan = make_plan(read(write_tree(tmp_path / "now", files), **settings), served, share=1)
    assert plan.is_empty
    assert [each.served.external_item_id for each in plan.keep] == ["a.md", "b/c.md"]
    assert plan.problems


def test_names_that_cannot_be_ids_are_named(tmp_path: Path) -> None:
    root = os.fsencode(tmp_path)
    for name in (b"caf\xe9.md", b"a\nb.md", b"esc\x1b[31m.md", b"good.md"):
        Path(os.fsdecode(root + b"/" + name)).write_text(PAGE)
    deep = tmp_path.joinpath(*["d" * 100] * 5, "e" * 20)
    deep.mkdir(parents=True)
    (deep / "long.md").write_text(PAGE)
    bad = Path(os.fsdecode(root + b"/\xff"))
    bad.mkdir()
    (bad / "inside.md").write_text(PAGE)
    folder = read(tmp_path)
    assert ids(folder) == ["good.md"]
    assert problems_of(folder) == {
        "\\xff": "has a name that is not UTF-8",
        "a\\x0ab.md": "has a name with control characters",
        "caf\\xe9.md": "has a name that is not UTF-8",
        "/".join(["d" * 100] * 5 + ["e" * 20]): "has a path of more than 512 bytes",
        "esc\\x1b[31m.md": "has a name with control characters",
    }


def test_two_spellings_of_one_name_are_a_problem(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"\u00fc.md": "# One\n", "u\u0308.md": "# Two\n", "a.md": PAGE, "\u00e4/x.md": PAGE, "a\u0308/y.md": PAGE},
    )
    if len(list(tmp_path.iterdir())) < 5:
        pytest.skip("this file system has one name for both")
    folder = read(tmp_path)
    assert ids(folder) == ["a.md"]
    assert set(problems_of(folder)) == {"\u00fc.md", "\u00e4"}


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    write_tree(tmp_path, {"good.md": PAGE, "folder.md/inside.md": PAGE})
    os.mkfifo(tmp_path / "pipe.md")
    with socket.socket(socket.AF_UNIX) as listening:
        here = Path.cwd()
        os.chdir(tmp_path)
        try:
            listening.bind("socket.md")
        finally:
            os.chdir(here)
        folder = read(tmp_path)
    assert ids(folder) == ["folder.md/inside.md", "good.md"]
    assert problems_of(folder)["pipe.md"] == "is no regular file"
    assert "socket.md" in problems_of(folder)


def test_what_permissions_forbid_stays_as_it_is_served() -> None:
    with open_folder() as root:
        write_tree(
            root, {"a.md": PAGE, "locked.md": PAGE, "closed/b.md": PAGE, "closed/in/c.md": PAGE, "listed/d.md": PAGE}
        )
        served = served_of(read(root))
        (root / "locked.md").chmod(0)
        (root / "closed").chmod(0)
        (root / "listed").chmod(0o444)
        with as_somebody():
            folder = read(root)
        plan = make_plan(folder, served)
        for name in ("closed", "listed"):
            (root / name).chmod(0o755)
    assert ids(folder) == ["a.md"]
    assert problems_of(folder) == {
        "closed": "can't be looked into: Permission denied",
        "listed/d.md": "can't be read: Permission denied",
        "locked.md": "can't be read: Permission denied",
    }
    assert plan.is_empty
    assert len(plan.keep) == 4


def test_root_that_permissions_forbid_is_told() -> None:
    with open_folder() as root:
        write_tree(root, {"in/a.md": PAGE})
        (root / "in").chmod(0)
        with as_somebody(), pytest.raises(FolderError, match="Permission denied"):
            read(root / "in")


def test_folder_that_breaks_off_while_it_is_listed_keeps_what_is_below(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tree(tmp_path, {"a.md": PAGE, "sub/b.md": PAGE, "sub/c.md": PAGE})
    served = served_of(read(tmp_path))
    real = os.scandir

    class Breaking:
        def __init__(self, path: str) -> None:
            self.inner = real(path)

        def __enter__(self) -> Breaking:
            return self

        def __exit__(self, *_: object) -> None:
            self.inner.close()

        def __iter__(self) -> Any:
            yield next(self.inner)
            raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "scandir", lambda path: Breaking(path) if str(path).endswith("sub") else real(path))
    plan = make_plan(read(tmp_path), served)
    assert plan.is_empty
    assert [each.reason for each in plan.problems] == ["can't be looked into: Input/output error"]


@pytest.mark.parametrize("error", [errno.ENOENT, errno.EIO, errno.EMFILE, errno.ELOOP, errno.ETIMEDOUT])
def test_file_that_cannot_be_opened_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int) -> None:
    write_tree(tmp_path, {"a.md": PAGE, "b.md": PAGE})
    served = served_of(read(tmp_path))
    real = os.open

    def refuse(path: Any, *rest: Any, **named: Any) -> int:
        if str(path).endswith("b.md"):
            raise OSError(error, os.strerror(error))
        return real(path, *rest, **named)

    monkeypatch.setattr(os, "open", refuse)
    plan = make_plan(read(tmp_path), served)
    assert plan.is_empty
    assert [each.served.external_item_id for each in plan.keep] == ["b.md"]


def test_file_that_changes_while_it_is_read_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"a.md": "# Old\n"})
    writes = iter(["# New\n# And longer\n"])
    real = os.fstat

    def write_between(descriptor: int) -> os.stat_result:
        state = real(descriptor)
        for text in writes:
            (tmp_path / "a.md").write_text(text)
            break
        return state

    monkeypatch.setattr(file_bytes.os, "fstat", write_between)
    assert [each.title for each in read(tmp_path).documents] == ["New"]


def test_file_that_never_rests_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"a.md": PAGE, "b.md": PAGE})
    real = os.fstat

    def append(descriptor: int) -> os.stat_result:
        state = real(descriptor)
        with (tmp_path / "a.md").open("a") as file:
            file.write("x")
        return state

    monkeypatch.setattr(file_bytes.os, "fstat", append)
    assert problems_of(read(tmp_path))["a.md"] == "changes while it is read"


def test_file_that_changed_since_is_not_published_unseen(tmp_path: Path) -> None:
    reader = reader_of(write_tree(tmp_path, {"a.md": "# One\n", "b.md": "# Two\n"}))
    folder = reader.read()
    assert [content_hash(item) for item in reader.items(folder.documents)] == [
        each.content_hash for each in folder.documents
    ]
    write_tree(tmp_path, {"b.md": "# Other\n"})
    with pytest.raises(FileChangedError, match=r"b\.md was changed"):
        list(reader.items(folder.documents))
    (tmp_path / "b.md").unlink()
    with pytest.raises(FileChangedError):
        reader.item_of(folder.documents[1])


def test_file_swapped_for_a_link_is_not_followed(tmp_path: Path) -> None:
    reader = reader_of(write_tree(tmp_path, {"docs/a.md": PAGE, "secret.md": PAGE}) / "docs")
    document = reader.read().documents[0]
    (tmp_path / "docs" / "a.md").unlink()
    (tmp_path / "docs" / "a.md").symlink_to("../secret.md")
    with pytest.raises(FileChangedError):
        reader.item_of(document)


def test_sparse_giant_is_not_read(tmp_path: Path) -> None:
    write_tree(tmp_path, {"good.md": PAGE})
    with (tmp_path / "huge.md").open("wb") as file:
        file.truncate(10**12)
    assert problems_of(read(tmp_path)) == {
        "huge.md": "has 1000000000000 bytes, and of a file of its kind at most 4456512 are read"
    }


def test_settings_are_read_from_kb_toml(tmp_path: Path) -> None:
    path = tmp_path / "kb.toml"
    path.write_text(
        '[folder]\ninclude = ["docs/"]\nbase_url = "https://example.com"\nslugs = "hugo"\nzone = "Europe/Berlin"\n'
        'language = "de"\n[folder.encodings]\n"old/" = "cp1252"\n[other]\nx = 1\n'
    )
    settings = read_settings(path)
    assert settings == Settings(
        include=("docs/",),
        base_url="https://example.com",
        slugs="hugo",
        zone="Europe/Berlin",
        language="de",
        encodings={"old/": "cp1252"},
    )


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ("includes = []", "no setting 'includes'"),
        ('include = "docs"', "include must be a list"),
        ('suffixes = [".pdx"]', r"'\.pdx' can't be read"),
        ('slugs = "jekyll"', "slugs must be one of"),
        ('zone = "Mars"', "no time zone"),
        ('zone = "../etc"', "no time zone"),
        ('language = "german!"', "language must be"),
        ("gitignore = 1", "must be true or false"),
        ("encodings = []", "must be a table"),
        ("x = ", "can't be read"),
    ],
)
def test_wrong_settings_are_told(tmp_path: Path, table: str, told: str) -> None:
    path = tmp_path / "kb.toml"
    path.write_text(f"[folder]\n{table}\n")
    with pytest.raises(FolderError, match=told):
        read_settings(path)
