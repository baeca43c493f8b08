"""A world on moto that is built once a process, and put back for each test: building it anew takes a second of work."""

from __future__ import annotations

import io
import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from moto.core.base_backend import BackendDict, BaseBackend
from moto.s3.models import s3_backends

_LOCK = type(threading.RLock())
_worlds: dict[str, _World] = {}


@dataclass(frozen=True)
class _World:
    """What moto held: each backend's fields as bytes, so that no test meets what another changed.

    `shared` are the keys that cannot be copied, which nobody changes.
    """

    services: list[tuple[BackendDict[Any], str, str]]
    fields: bytes
    buckets: dict[str, tuple[str, str]]
    shared: list[Any]


def put_back(name: str, build: Callable[[], None]) -> None:
    """Have moto hold what `build` makes in an empty moto, for the first test of this name by building it."""
    if name in _worlds:
        _restore(_worlds[name])
    else:
        build()
        _worlds[name] = _keep()


def _keep() -> _World:
    services = [
        (service, account, region)
        for service in BackendDict._instances
        for account, region, _ in service.iter_backends()
    ]
    backends = [service[account][region] for service, account, region in services]
    shared: list[Any] = []
    file = io.BytesIO()
    _Writer(file, backends, shared).dump([backend.__dict__ for backend in backends])
    return _World(services, file.getvalue(), dict(s3_backends.bucket_accounts), shared)


def _restore(world: _World) -> None:
    backends = [service[account][region] for service, account, region in world.services]
    for backend, fields in zip(backends, _Reader(io.BytesIO(world.fields), backends, world.shared).load(), strict=True):
        backend.__dict__.clear()
        backend.__dict__.update(fields)
    s3_backends.bucket_accounts.update(world.buckets)


class _Writer(pickle.Pickler):
    """Names backends by their place, since the next test has others, and makes a lock a new one."""

    def __init__(self, file: io.BytesIO, backends: list[Any], shared: list[Any]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self._places = {id(backend): place for place, backend in enumerate(backends)}
        self._shared = shared

    def persistent_id(self, value: Any) -> tuple[str, int] | None:
        if isinstance(value, BaseBackend):
            return "backend", self._places[id(value)]
        if isinstance(value, RSAPrivateKey):
            self._shared.append(value)
            return "shared", len(self._shared) - 1
        return None

    def reducer_override(self, value: Any) -> Any:
        return (threading.RLock, ()) if type(value) is _LOCK else NotImplemented


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, backends: list[Any], shared: list[Any]) -> None:
        super().__init__(file)
        self._of = {"backend": backends, "shared": shared}

    def persistent_load(self, place: tuple[str, int]) -> Any:
        kind, number = place
        return self._of[kind][number]
