"""Weighs the local stack: resident memory of each of its processes, and its bytes on disk, as it publishes (Linux).

PYTHONPATH=layers/shared python -m benchmarks.local_memory [--publications 100 580] [--kept]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from local.usage import memory_bytes

# What each publication changes: large enough that bodies in memory would show, small enough to be done soon.
ITEMS_A_PUBLICATION = 20
CONTENT_BYTES = 10_000
_MEBIBYTE = 1 << 20


def processes(pid: int) -> Iterator[tuple[str, int]]:
    """Walk a process and all below it: what it is, and its resident bytes."""
    folder = Path("/proc") / str(pid)
    words = (folder / "cmdline").read_bytes().decode().split("\0")
    variables = dict(entry.partition("=")[::2] for entry in (folder / "environ").read_bytes().decode().split("\0"))
    yield _role(words, variables), memory_bytes(pid)
    for task in (folder / "task").iterdir():
        # Threads and processes end while we look.
        with suppress(OSError):
            for child in (task / "children").read_text().split():
                with suppress(OSError):
                    yield from processes(int(child))


def _role(words: list[str], variables: dict[str, str]) -> str:
    if any("dynoxide" in word for word in words):
        return "Dynoxide"
    if "local.emulators.aws" in words:
        return "moto"
    return "a worker of a function" if variables.get("AWS_LAMBDA_FUNCTION_NAME") else "the stack"


def weigh(pid: int, folder: Path) -> str:
    """Tell in a line what every kind of process holds together, how many there are, and what lies on the disk."""
    sizes, counts = Counter[str](), Counter[str]()
    for role, size in processes(pid):
        sizes[role] += size
        counts[role] += 1
    parts = [f"{role} {sizes[role] / _MEBIBYTE:.0f} MiB ({counts[role]})" for role in sorted(sizes)]
    disk = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{sizes.total() / _MEBIBYTE:.0f} MiB: {', '.join(parts)}; disk {disk / _MEBIBYTE:.0f} MiB"


def publish(api: httpx.Client, source: str, number: int) -> None:
    """Change every item of a source, run and apply."""
    for item in range(ITEMS_A_PUBLICATION):
        content = f"{number} {item} " + "".join(f"{number * 7919 + each * 104729 + item} " for each in range(2000))
        body = {"externalItemId": f"item-{item}", "title": f"Item {item}", "content": content[:CONTENT_BYTES]}
        api.post(f"v1/sources/{source}/items", json=body).raise_for_status()
    run = api.post(f"v1/sources/{source}/runs").raise_for_status().json()["run"]["id"]
    api.post(f"v1/sources/{source}/runs/{run}/apply").raise_for_status()


def measure(publications: list[int], folder: Path, *, kept: bool) -> None:
    """Start a stack, publish, and print its weight after each of these numbers of publications."""
    written = folder / "credentials.json"
    data = folder / "data"
    command = [sys.executable, "-m", "local", "up", "--port", "0", "--credentials", str(written)]
    stack = subprocess.Popen(command + (["--data", str(data)] if kept else []), stderr=subprocess.DEVNULL)
    try:
        while not written.exists():
            if stack.poll() is not None:
                raise SystemExit("the stack did not start")
            time.sleep(0.1)
        print(f"start: {weigh(stack.pid, data)}", flush=True)
        with _client(json.loads(written.read_text())) as api:
            source = api.post("v1/sources", json={"name": "Weight"}).raise_for_status().json()["source"]["id"]
            began = time.monotonic()
            for number in range(1, max(publications) + 1):
                publish(api, source, number)
                if number in publications:
                    pace = (time.monotonic() - began) / number * 1000
                    print(f"{number}: {weigh(stack.pid, data)}; {pace:.0f} ms a publication", flush=True)
    finally:
        stack.terminate()
        stack.wait()


def _client(credentials: dict[str, str]) -> httpx.Client:
    base = credentials["baseUrl"]
    headers = {"Authorization": f"Bearer {credentials['adminKey']}"}
    body = {"name": "Weight", "rateLimitPerMinute": 6_000}
    answer = httpx.post(f"{base}/v1/admin/keys", json=body, headers=headers, timeout=60, trust_env=False)
    headers = {"Authorization": f"Bearer {answer.raise_for_status().json()['secret']}"}
    # The slash keeps `/api` when a path is joined to it.
    return httpx.Client(base_url=base + "/", headers=headers, timeout=60, trust_env=False)


def main() -> None:
    """Run the measurement."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--publications", type=int, nargs="+", default=[100, 580])
    options.add_argument("--kept", action="store_true", help="with --data")
    arguments = options.parse_args()
    with TemporaryDirectory() as folder:
        measure(arguments.publications, Path(folder), kept=arguments.kept)


if __name__ == "__main__":
    main()
