"""Which layers a function has, by template.yaml."""

from __future__ import annotations

from pathlib import Path

from local.template import ROOT
from local.template.load import read_yaml
from testing.recording import logical_id_of


def layer_folders(function: str) -> list[Path]:
    """The folders that are on the path of the function in a folder, besides its own."""
    template = read_yaml(ROOT / "template.yaml")
    resources = template["Resources"]
    layers = [
        *template["Globals"]["Function"]["Layers"],
        *resources[logical_id_of(function)]["Properties"].get("Layers", []),
    ]
    return [ROOT / resources[layer["Ref"]]["Properties"]["ContentUri"] for layer in layers]
