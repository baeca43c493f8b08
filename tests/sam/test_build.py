"""What `sam build` makes: our packages and the pinned ones for the right processor, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.utils import canonicalize_name

from local.template import ROOT
from local.template.load import read_template, read_yaml
from tests.support.requirements import DELIVER_WEBHOOK, LAYER, SEARCH_LAYER, pins_of, requirement_files

_MOST_BYTES = 30_000_000
LAYERS = {"SharedLayer": LAYER, "SearchLayer": SEARCH_LAYER}
# https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html, `e_machine`
_ELF_MACHINES = {"arm64": 0xB7, "x86_64": 0x3E}
_PLATFORMS = ("manylinux2014", "manylinux_2_28")
_FOLDERS = {"AWS::Serverless::Function": "CodeUri", "AWS::Serverless::LayerVersion": "ContentUri"}
_MOVED = {**_FOLDERS, "AWS::Serverless::StateMachine": "DefinitionUri"}


def resources(path: Path, kind: str) -> dict[str, dict[str, Any]]:
    return dict(read_template(path).of_type(kind))


def folder_of(template: Path, properties: dict[str, Any]) -> Path:
    (name,) = properties.keys() & set(_FOLDERS.values())
    return template.parent / str(properties[name])


def files_of(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)) for path in found}


def bytes_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def layer_of(template: Path, name: str = "SharedLayer") -> Path:
    layers = resources(template, "AWS::Serverless::LayerVersion")
    assert layers.keys() == LAYERS.keys()
    return folder_of(template, layers[name]) / "python"


def assert_holds(folder: Path, source: Path, requirements: Path) -> None:
    """Check that a built folder holds a folder of ours and what its requirements.txt, if there is one, names."""
    distributions = list(metadata.distributions(path=[str(folder)]))
    expected = set(pins_of(requirements)) if requirements.is_file() else set()
    assert {canonicalize_name(each.name) for each in distributions} == expected, folder.name
    theirs = {str(file) for each in distributions for file in each.files or []}
    # pip leaves what would become programs in folders beside the packages.
    unknown = {file for file in files_of(folder) - theirs if ".data/" not in file}
    # A Makefile says how a folder is built.
    assert unknown == files_of(source) - {"Makefile"}, folder.name


def native(folder: Path) -> Iterator[Path]:
    return folder.rglob("*.so*")


def test_functions_hold_their_own_files_and_the_pinned_packages_alone(built: tuple[str, Path]) -> None:
    _, template = built
    functions = resources(template, "AWS::Serverless::Function")
    sources = resources(ROOT / "template.yaml", "AWS::Serverless::Function")
    assert functions.keys() == sources.keys()
    for logical_id, function in functions.items():
        source = folder_of(ROOT / "template.yaml", sources[logical_id])
        assert_holds(folder_of(template, function), source, source / "requirements.txt")


def test_portal_is_built_along(built: tuple[str, Path]) -> None:
    _, template = built
    site = folder_of(template, resources(template, "AWS::Serverless::Function")["ServeSiteFunction"]) / "site"
    assert b"<script" in (site / "portal" / "index.html").read_bytes()


@pytest.mark.parametrize("name", LAYERS)
def test_layer_holds_our_packages_and_the_pinned_ones_alone(built: tuple[str, Path], name: str) -> None:
    _, template = built
    assert_holds(layer_of(template, name), LAYERS[name].parent, LAYERS[name])


def test_nothing_of_tests_or_caches_is_built(built: tuple[str, Path]) -> None:
    _, template = built
    layers = [layer_of(template, name) for name in LAYERS]
    functions = resources(template, "AWS::Serverless::Function").values()
    for folder in [*layers, *(folder_of(template, function) for function in functions)]:
        paths = {str(path.relative_to(folder)) for path in folder.rglob("*")}
        assert [path for path in paths if re.search(r"__pycache__|\.pyc$|(^|/)\.", path)] == []
        # The pinned packages may bring tests of their own.
        ours = paths - {str(file) for each in metadata.distributions(path=[str(folder)]) for file in each.files or []}
        assert [path for path in ours if re.search(r"(^|/)(tests?|conftest\.py|test_[^/]*\.py)(/|$)", path)] == []


def test_native_modules_are_for_the_processor_and_the_runtime(built: tuple[str, Path]) -> None:
    architecture, template = built
    for name in LAYERS:
        modules = list(native(layer_of(template, name)))
        assert modules, "pydantic_core, tantivy and pyromark are native"
        for module in modules:
            assert int.from_bytes(module.read_bytes()[18:20], "little") == _ELF_MACHINES[architecture], module.name
            assert ".cpython-313-" in module.name or ".abi3." in module.name


def wheels_of(requirements: Path, architecture: str, folder: Path, platforms: Sequence[str]) -> list[Path]:
    """Fetch the wheels that a requirements.txt names for the runtime, each by its hash."""
    machine = {"arm64": "aarch64"}.get(architecture, architecture)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", "3.13", "--implementation", "cp", "--dest", str(folder)]
    for platform in platforms:
        command += ["--platform", f"{platform}_{machine}"]
    done = subprocess.run([*command, "-r", str(requirements)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return sorted(folder.glob("*.whl"))


def differing(wheel: Path, folder: Path) -> list[str]:
    """Name the files of a wheel that are others in a folder."""
    with zipfile.ZipFile(wheel) as archive:
        # Metadata may be written anew, and what would become programs lies elsewhere.
        names = [name for name in archive.namelist() if not re.search(r"\.(dist-info|data)/", name)]
        assert names
        return [name for name in names if (folder / name).read_bytes() != archive.read(name)]


@pytest.mark.parametrize("requirements", requirement_files(), ids=lambda path: path.parent.name)
def test_every_file_is_that_of_the_wheel_with_the_locked_hash(
    built: tuple[str, Path], requirements: Path, tmp_path: Path
) -> None:
    """SAM has pip check hashes for this machine's processor; for the other one it fetches wheels by version alone."""
    architecture, template = built
    folders = {path: layer_of(template, name) for name, path in LAYERS.items()}
    for logical_id, function in resources(ROOT / "template.yaml", "AWS::Serverless::Function").items():
        source = folder_of(ROOT / "template.yaml", function) / "requirements.txt"
        folders.setdefault(source, folder_of(template, resources(template, "AWS::Serverless::Function")[logical_id]))
    wheels = wheels_of(requirements, architecture, tmp_path / "first", _PLATFORMS)
    assert len(wheels) == len(pins_of(requirements))
    others = [wheel for wheel in wheels if differing(wheel, folders[requirements])]
    if others:
        # Some have a wheel for each platform, of which SAM may take another one.
        second = wheels_of(requirements, architecture, tmp_path / "second", _PLATFORMS[::-1])
        names = {wheel.name.partition("-")[0] for wheel in others}
        others = [wheel for wheel in second if wheel.name.partition("-")[0] in names]
        assert len(others) == len(names)
    assert [name for wheel in others for name in differing(wheel, folders[requirements])] == []


def test_function_that_sends_webhooks_has_its_own_http_stack(built: tuple[str, Path]) -> None:
    """`/var/task` comes before the layer and the runtime on a function's path, so this copy is the one it imports."""
    _, template = built
    folders = {
        name: folder_of(template, each) for name, each in resources(template, "AWS::Serverless::Function").items()
    }
    copies = {name for name, folder in folders.items() if (folder / "urllib3").is_dir()}
    assert copies == {"DeliverWebhookFunction"}
    (distribution,) = metadata.distributions(path=[str(folders["DeliverWebhookFunction"])])
    assert {distribution.name: distribution.version} == pins_of(DELIVER_WEBHOOK)


def test_each_function_is_small_with_its_layer(built: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    architecture, template = built
    layer_bytes = bytes_of(layer_of(template))
    rows = {
        logical_id: bytes_of(folder_of(template, function))
        for logical_id, function in resources(template, "AWS::Serverless::Function").items()
    }
    lines = [f"unzipped bytes ({architecture}), with the layer of {layer_bytes:,}; at most {_MOST_BYTES:,}"]
    lines += [f"  the layer of search, for those that have it: {bytes_of(layer_of(template, 'SearchLayer')):,}"]
    lines += [f"  {name:28} {own_bytes:>9,} {own_bytes + layer_bytes:>12,}" for name, own_bytes in rows.items()]
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert layer_bytes + max(rows.values()) < _MOST_BYTES
    assert bytes_of(layer_of(template, "SearchLayer")) < _MOST_BYTES


def test_build_changes_nothing_of_the_template_but_its_folders(built: tuple[str, Path]) -> None:
    _, path = built
    made, source = read_yaml(path)["Resources"], read_yaml(ROOT / "template.yaml")["Resources"]
    for logical_id, resource in source.items():
        for each in (resource, made[logical_id]):
            if name := _MOVED.get(resource["Type"]):
                each["Properties"].pop(name)
                # SAM notes there where a resource came from.
                each.pop("Metadata", None)
    # The document that the API includes is given by its whole path.
    for each in (source, made):
        location = each["RestApi"]["Properties"]["DefinitionBody"]["Fn::Transform"]["Parameters"].pop("Location")
        assert location.endswith("openapi.yaml")
    assert made == source
