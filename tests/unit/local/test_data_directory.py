"""What a data directory holds is read by the version that wrote it, or by none."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import data_directory
from local.data_directory import FORMAT, DataDirectory
from local.failures import DataDirectoryError


def used(folder: Path) -> Path:
    """A directory in which a stack has kept something."""
    data = DataDirectory(folder)
    (data.path / "catalog.db").write_bytes(b"rows")
    data.close()
    return folder


def test_directory_serves_again_and_again(tmp_path: Path) -> None:
    folder = used(tmp_path / "data")
    DataDirectory(folder).close()
    assert (folder / "catalog.db").read_bytes() == b"rows"
    assert (folder / "format").read_text() == f"{FORMAT}\n"


def test_stack_without_a_directory_has_a_new_one() -> None:
    data = DataDirectory(None)
    assert (data.path / "format").exists()
    data.close()
    assert not data.path.exists()


def refused(folder: Path) -> str:
    with pytest.raises(DataDirectoryError) as refusal:
        DataDirectory(folder)
    return str(refusal.value)


@pytest.mark.parametrize("mark", [None, "", "1\n", f"{FORMAT - 1}\n", f"{FORMAT + 1}\n", "two", "\xb2"])
def test_directory_of_another_format_is_refused_in_one_sentence(tmp_path: Path, mark: str | None) -> None:
    folder = used(tmp_path / "data")
    (folder / "format").unlink() if mark is None else (folder / "format").write_text(mark)
    said = refused(folder)
    assert said.startswith(
        f"{folder} is not empty and holds nothing that this version of the local stack can read: name "
    )
    assert "another directory with --data, or remove this one" in said
    assert "\n" not in said
    assert (folder / "catalog.db").read_bytes() == b"rows"
    # It was given up: the same process may look again.
    assert refused(folder) == said


def test_later_format_refuses_what_this_one_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = used(tmp_path / "data")
    monkeypatch.setattr(data_directory, "FORMAT", FORMAT + 1)
    assert "this version" in refused(folder)


@pytest.mark.parametrize("left", [(), ("lock",), ("lock", "format")])
def test_start_that_was_killed_at_once_leaves_a_directory_to_use(tmp_path: Path, left: tuple[str, ...]) -> None:
    for name in left:
        (tmp_path / name).touch()
    data = DataDirectory(tmp_path)
    assert (tmp_path / "format").read_text() == f"{FORMAT}\n"
    data.close()
