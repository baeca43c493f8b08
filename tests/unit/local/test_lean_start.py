"""What the local stack does not need is not loaded: each of these costs every start seconds."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from local.template import ROOT
from local.template import load as loading


@pytest.mark.parametrize(
    ("does", "spared"),
    [
        ("import local.emulators.aws", "moto.ec2"),
        ("from local.template import load_template; load_template()", "rfc3987_syntax"),
    ],
)
def test_process_loads_what_it_needs_alone(does: str, spared: str) -> None:
    found = f"{does}\nimport sys\nprint([name for name in sys.modules if name.startswith({spared!r})])"
    assert subprocess.check_output([sys.executable, "-c", found], cwd=ROOT, text=True) == "[]\n"


def test_either_reader_of_yaml_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """libyaml is not everywhere."""

    class Slow(yaml.SafeLoader):
        yaml_implicit_resolvers = loading._Loader.yaml_implicit_resolvers

    Slow.add_multi_constructor("!", loading._short_form)
    template = ROOT / "template.yaml"
    fast = loading.read_yaml(template)
    monkeypatch.setattr(loading, "_Loader", Slow)
    assert loading.read_yaml(template) == fast
