"""Values of a template's parameters, from its defaults to the command line."""

from pathlib import Path

import pytest

from local.failures import TemplateError
from local.template.parameters import parameter_values

SOURCE = {"Parameters": {"Level": {"Default": "INFO", "AllowedValues": ["INFO", "DEBUG"]}, "Days": {"Default": 30}}}


def configure(folder: Path, overrides: str) -> None:
    (folder / "samconfig.toml").write_text(f"[local.global.parameters]\nparameter_overrides = {overrides}\n")


def test_defaults_hold_without_more(tmp_path: Path) -> None:
    assert parameter_values(SOURCE, tmp_path, []) == {"Level": "INFO", "Days": 30}


@pytest.mark.parametrize("overrides", ['"Level=DEBUG Days=7"', '["Level=DEBUG", "Days=7"]'])
def test_configuration_wins_over_defaults_and_the_user_over_both(tmp_path: Path, overrides: str) -> None:
    configure(tmp_path, overrides)
    assert parameter_values(SOURCE, tmp_path, []) == {"Level": "DEBUG", "Days": "7"}
    assert parameter_values(SOURCE, tmp_path, ["Days=9"]) == {"Level": "DEBUG", "Days": "9"}


@pytest.mark.parametrize("override", ["Other=1", "Level", "Level=TRACE"])
def test_override_that_does_not_fit_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(TemplateError):
        parameter_values(SOURCE, tmp_path, [override])


def test_configuration_that_is_no_toml_is_explained(tmp_path: Path) -> None:
    configure(tmp_path, "oh no")
    with pytest.raises(TemplateError, match=r"samconfig\.toml is not valid TOML"):
        parameter_values(SOURCE, tmp_path, [])
