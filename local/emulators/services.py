"""Starts the emulators and knows where each service is."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

import boto3
from botocore.config import Config

from local.console import say
from local.data_directory import DataDirectory
from local.door import AccessKey, Door
from local.emulators.doorkeeper import Doorkeeper, hidden_address
from local.emulators.dynoxide import Dynoxide, find_dynoxide
from local.failures import MissingToolError, StartupError
from local.template import ROOT
from local.template.load import REGION

# moto says its port or ends. Only one that does neither is given up on, and a busy machine is slow.
_STARTUP_SECONDS = 300
_DYNAMODB_ENDPOINT = "AWS_ENDPOINT_URL_DYNAMODB"

LineSink = Callable[[str, str], None]


class Services:
    """DynamoDB on Dynoxide (or on what AWS_ENDPOINT_URL_DYNAMODB names), everything else on moto."""

    def __init__(self, data: DataDirectory, door: Door, kms_keys: Mapping[str, str], sink: LineSink) -> None:
        """Start what is needed; MissingToolError when durable tables are wanted and nothing can keep them."""
        self._key = door.key
        self._doorkeeper: Doorkeeper | None = None
        self._dynoxide: Dynoxide | None = None
        named = os.environ.get(_DYNAMODB_ENDPOINT)
        binary = None if named else find_dynoxide()
        if binary is None and not named and data.durable:
            raise MissingToolError("--data needs Dynoxide, which is not installed: run `npm ci`")
        self._moto, self.url = _start_moto(data, door, kms_keys, sink)
        if named:
            self.dynamodb_url = named
        elif binary:
            database = data.database if data.durable else None
            self._dynoxide = Dynoxide(binary, host=hidden_address(), database=database, inherit=[data.lock_fd])
            self._doorkeeper = Doorkeeper(door, self._dynoxide.address)
            self.dynamodb_url = f"http://127.0.0.1:{self._doorkeeper.port}"
        else:
            say("warning: Dynoxide is not installed (run `npm ci`): DynamoDB is moto, which is slow past 1 000 items")
            say("warning: and loses concurrent writes. Good for a look, not for tests.")
            self.dynamodb_url = self.url

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings under which an AWS client finds the emulators, and nothing of the user's own account."""
        return {
            **key_environment(self._key),
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            # Step Functions would be called as sync-127.0.0.1.
            "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
            "AWS_ENDPOINT_URL": self.url,
            _DYNAMODB_ENDPOINT: self.dynamodb_url,
            "AWS_ENDPOINT_URL_DYNAMODB_STREAMS": self.dynamodb_url,
        }

    def client(self, service: str) -> Any:
        """Make a client of a service."""
        return boto3.client(  # type: ignore[call-overload]
            service,
            region_name=REGION,
            endpoint_url=self.dynamodb_url if service.startswith("dynamodb") else self.url,
            aws_access_key_id=self._key.key_id,
            aws_secret_access_key=self._key.secret,
            config=Config(
                proxies={},
                connect_timeout=5,
                retries={"total_max_attempts": 2},
                # Dynoxide's shard ids are shorter than those of AWS.
                parameter_validation=service != "dynamodbstreams",
            ),
        )

    def pids(self) -> dict[str, list[int]]:
        """Return the process ids of the emulators by their names."""
        dynoxide = {"Dynoxide": [self._dynoxide.pid]} if self._dynoxide else {}
        return {"moto": [self._moto.pid], **dynoxide}

    def failed(self) -> str | None:
        """Return the name of an emulator that has ended by itself, None while all run."""
        if self._dynoxide and not self._dynoxide.alive():
            return "Dynoxide"
        return "moto" if self._moto.poll() is not None else None

    def stop_moto(self) -> None:
        """End moto alone: before the functions, or state machines would take their end for a failure."""
        self._moto.kill()
        self._moto.wait()
        if self._moto.stdout:
            self._moto.stdout.close()

    def stop(self) -> None:
        """End the emulators."""
        self.stop_moto()
        if self._doorkeeper:
            self._doorkeeper.close()
        if self._dynoxide:
            self._dynoxide.stop()


def key_environment(key: AccessKey) -> dict[str, str]:
    """Tell the access key as AWS clients read it; command lines can be seen by everybody on this machine."""
    return {"AWS_ACCESS_KEY_ID": key.key_id, "AWS_SECRET_ACCESS_KEY": key.secret}


def _start_moto(
    data: DataDirectory, door: Door, kms_keys: Mapping[str, str], sink: LineSink
) -> tuple[subprocess.Popen[bytes], str]:
    command = [sys.executable, "-m", "local.emulators.aws", "--parent", str(os.getpid()), "--front", str(door.front)]
    for host in door.hosts:
        command += ["--host", host]
    command += ["--objects", str(data.path.resolve() / "objects")]
    for key_id, spec in kms_keys.items():
        command += ["--kms-key", key_id, spec]
    if data.durable:
        command += ["--data", str(data.path.resolve())]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **key_environment(door.key), "PYTHONPATH": str(ROOT), "TMPDIR": str(_scratch(data.path))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(data.lock_fd,),
        process_group=0,
        umask=0o077,
    )
    assert process.stdout
    assert process.stderr
    threading.Thread(target=_pump, args=(process.stderr, sink), daemon=True).start()
    ready, _, _ = select.select([process.stdout], [], [], _STARTUP_SECONDS)
    line = process.stdout.readline() if ready else b""
    if not line.strip().isdigit():
        process.kill()
        process.wait()
        raise StartupError("moto did not start")
    return process, f"http://127.0.0.1:{int(line)}"


def _scratch(path: Path) -> Path:
    """Return where moto spools large objects: inside the data directory, so that nothing is left elsewhere."""
    scratch = path / "scratch"
    scratch.mkdir(exist_ok=True)
    return scratch.resolve()


def _pump(stream: IO[bytes], sink: LineSink) -> None:
    with stream:
        for line in stream:
            sink("moto", line.decode(errors="replace").rstrip("\n"))
