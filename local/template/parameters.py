"""Values of a template's parameters: its defaults, then samconfig.toml for the local stack, then what a user sets."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from local.failures import TemplateError

# `sam deploy --config-env local` would read the same section.
_SECTION = ("local", "global", "parameters")


def defaults(source: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters' default values, None for one that has none."""
    return {name: parameter.get("Default") for name, parameter in source.get("Parameters", {}).items()}


def parameter_values(source: Mapping[str, Any], folder: Path, overrides: Iterable[str]) -> dict[str, Any]:
    """Return every parameter's value; `overrides` are `NAME=VALUE` and win over samconfig.toml of the folder.

    TemplateError for a name that the template does not have, and for a value that it does not allow.
    """
    values = defaults(source)
    for override in [*_configured(folder / "samconfig.toml"), *overrides]:
        name, separator, value = override.partition("=")
        if not separator or name not in values:
            known = ", ".join(values) or "none"
            raise TemplateError(f"{override} sets no parameter of the template, which has: {known}")
        allowed = [str(entry) for entry in source["Parameters"][name].get("AllowedValues", [value])]
        if value not in allowed:
            raise TemplateError(f"{name} is {value!r}, but the template allows: {', '.join(allowed)}")
        values[name] = value
    return values


def _configured(path: Path) -> list[str]:
    if not path.exists():
        return []
    try:
        section: Any = tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TemplateError(f"{path.name} is not valid TOML: {error}") from error
    for name in _SECTION:
        section = section.get(name, {})
    overrides = section.get("parameter_overrides", [])
    return shlex.split(overrides) if isinstance(overrides, str) else list(overrides)
