"""moto without the work that no test looks at: it takes most of the functional tier's time."""

from __future__ import annotations

from functools import cache
from typing import Any

from moto.core import serialize
from moto.core.config import default_user_config
from moto.kms import models as kms_models

_pick = serialize.AttributePicker.__call__


def _pick_from_row(picker: serialize.AttributePicker, context: serialize.AttributePickerContext) -> Any:
    """A value of a row has one of ten members, and moto would look for each of the others under every alias."""
    within = getattr(context.shape, "parent", None)
    if type(context.obj) is dict and within is not None and within.name == "AttributeValue":
        return context.obj.get(context.key)
    return _pick(picker, context)


def make_lean() -> None:
    """Change moto for this process, before its first use."""
    # It would begin a new session for each test, which then reads each service's model anew.
    default_user_config["core"]["reset_boto3_session"] = False
    # Where a rule or a queue leads to a function it would look for Docker.
    default_user_config["lambda"]["use_docker"] = False
    # It makes an RSA key pair for every key, the symmetric ones too, where nobody uses it; one serves all.
    kms_models.generate_private_key = cache(kms_models.generate_private_key)
    serialize.AttributePicker.__call__ = _pick_from_row
