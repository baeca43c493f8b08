"""Lets containers reach the emulators, which listen on 127.0.0.1 alone, and tells them where those are."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from local.emulators.splicing import Listener, splice
from local.failures import StartupError
from local.template import Template
from local.template.resolve import Resolver

_LOOPBACK = {"127.0.0.1", "localhost"}


class Containers(NamedTuple):
    """An address of this machine that containers reach, and the file that is written for `sam local --env-vars`."""

    address: str
    environment_file: Path


class Doorway:
    """Takes connections at an address and passes them on to the same port of 127.0.0.1."""

    def __init__(self, address: str, port: int) -> None:
        """Listen from now on; StartupError when the address is none of this machine's."""
        self._port = port
        try:
            self._listener = Listener((address, port), self._connect)
        except OSError as error:
            said = f"cannot listen at {address}, port {port}: {error.strerror or error}"
            raise StartupError(f"{said}; name an address of this machine, such as that of Docker's bridge") from error

    def close(self) -> None:
        """Listen no more; connections end with their ends."""
        self._listener.close()

    def _connect(self, near: socket.socket) -> None:
        with near:
            try:
                far = socket.create_connection(("127.0.0.1", self._port))
            except OSError:
                return
            with far:
                splice(near, far)


def ports_here(services: Mapping[str, str]) -> list[int]:
    """Return the ports of the emulators that run on this machine; `services` are the settings of AWS clients."""
    ports = {urlsplit(url).port for url in services.values() if _is_here(url)}
    return sorted(port for port in ports if port)


def container_environment(
    template: Template, resolver: Resolver, services: Mapping[str, str], address: str
) -> dict[str, dict[str, str]]:
    """Return the variables of each function by its logical id: its own, and the emulators' at an address."""
    reached = {name: _at(url, address) if _is_here(url) else url for name, url in services.items()}
    functions = template.of_type("AWS::Lambda::Function")
    return {logical_id: reached | _variables(resolver, function) for logical_id, function in functions}


def _variables(resolver: Resolver, function: Mapping[str, Any]) -> dict[str, str]:
    variables = resolver.resolve(function.get("Environment", {}).get("Variables", {}))
    return {name: str(value) for name, value in variables.items()}


def _is_here(url: str) -> bool:
    return url.startswith("http://") and urlsplit(url).hostname in _LOOPBACK


def _at(url: str, address: str) -> str:
    return f"http://{address}:{urlsplit(url).port}"
