"""Fixtures for every tier; those that start something are made when a test asks for them."""

from __future__ import annotations

import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import HealthCheck, settings

# For the tests of what the tiers ask of a session.
pytest_plugins = ["pytester"]

_UNIT = Path(__file__).parent / "unit"
_numbers = itertools.count(1)

# Product code makes clients when it is imported; without these even a test that never calls AWS would look for some.
for _name, _value in {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
    "POWERTOOLS_TRACE_DISABLED": "true",
}.items():
    os.environ[_name] = _value

# One profile for all tests: a busy machine makes an example slow, and not wrong. In continuous integration the examples
# are the same at every run, and none is kept.
_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}
settings.register_profile(
    "tests",
    parent=settings.get_profile("ci" if _CI else "default"),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def _recorded_aws_calls() -> None:
    """Record which function makes which AWS call, when `make test` asks for it (`tests/privileges`)."""
    from testing.recording import FOLDER, start_recording

    if FOLDER in os.environ:
        start_recording()


@pytest.fixture(autouse=True)
def _no_sockets_in_unit_tests(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit test that opens a socket is no unit test: it fails at the call."""
    if _UNIT not in request.path.parents:
        return

    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise RuntimeError("unit tests open no sockets")

    for method in ("connect", "connect_ex", "bind", "sendto"):
        monkeypatch.setattr(socket.socket, method, refuse)
    for function in ("create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, function, refuse)


@pytest.fixture
def template() -> Any:
    """template.yaml as it is written (`local.template.Template`)."""
    from testing.resources import project_template

    return project_template()


@pytest.fixture
def aws_moto(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The tables and the bucket on in-process moto, with the functions' environment set (`Resources`)."""
    from moto import mock_aws

    from testing.ready_world import put_back
    from testing.resources import Resources

    resources = Resources(prefix="test")
    with mock_aws():
        put_back(resources.prefix, resources.create)
        _enter(monkeypatch, resources.environment)
        yield resources


@pytest.fixture(scope="session")
def dynoxide_server() -> Iterator[Any]:
    """One Dynoxide process in memory for the session (`local.emulators.dynoxide.Dynoxide`)."""
    from local.emulators.dynoxide import Dynoxide, find_dynoxide
    from testing.resources import continuous_integration

    binary = find_dynoxide()
    if binary is None:
        reason = "Dynoxide is not installed: run `npm ci`"
        if continuous_integration():
            pytest.fail(reason)
        pytest.skip(reason)
    server = Dynoxide(binary)
    yield server
    server.stop()


@pytest.fixture
def dynoxide(dynoxide_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Fresh tables on Dynoxide and a fresh bucket on in-process moto, environment set (`Resources`).

    moto lets calls to 127.0.0.1 through, so only what has no endpoint of its own stays in the process.
    """
    from moto import mock_aws

    from testing.resources import Resources

    resources = Resources(prefix=f"test{next(_numbers)}", endpoints={"dynamodb": dynoxide_server.url})
    with mock_aws():
        resources.create()
        _enter(monkeypatch, resources.environment)
        yield resources
        resources.drop_tables()


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The whole local stack on a free port, without a data directory (`tests.support.stack.StackProcess`)."""
    from tests.support.stack import StackProcess, require_whole_stack

    require_whole_stack()
    # Many tests make a key each, of one tenant, and their limits add up.
    more = ("--parameter", "RequestsPerSecond=5000")
    with StackProcess(tmp_path_factory.mktemp("stack"), *more) as stack:
        yield stack


def _enter(monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
