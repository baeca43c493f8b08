"""What a page of another origin can do to the local stack, in a real browser: nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.config import Config

from local.emulators.dynoxide import Dynoxide, find_dynoxide
from local.template.resolve import Resolver
from testing.resources import project_template
from tests.support.browser import FOREIGN_HOST, told_by
from tests.support.stack import StackProcess, children_of, require_whole_stack

PAGE = (Path(__file__).parent / "foreign_page.html").read_text("utf-8")
BUCKET = Resolver(project_template()).name("ContentBucket")
KEYS = Resolver(project_template()).name("KeysTable")
SECONDS = 600


def attacked(ports: list[int], folder: Path, *, link: str | None = None) -> list[str]:
    """What the page could read of these ports, by each name that leads to them."""
    targets = [f"http://{host}:{port}" for port in ports for host in ("127.0.0.1", "localhost", FOREIGN_HOST)]
    configuration = json.dumps({"targets": targets, "bucket": BUCKET, "link": link})
    found: list[str] = told_by(PAGE.replace("/* CONFIGURATION */ null", configuration), folder / "p", seconds=SECONDS)
    return found


def listeners(stack: StackProcess) -> set[tuple[str, int]]:
    """The addresses and ports at which processes of the stack listen (Linux)."""
    pids = [stack.pid, *children_of(stack.pid)]
    inodes = set()
    for pid in pids:
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
            except OSError:
                continue
    rows = [line.split() for table in ("tcp", "tcp6") for line in _lines(Path(f"/proc/net/{table}"))]
    return {_address(row[1]) for row in rows if row[3] == "0A" and row[9] in inodes}


def _lines(table: Path) -> list[str]:
    return table.read_text().splitlines()[1:] if table.exists() else []


def _address(written: str) -> tuple[str, int]:
    address, _, port = written.partition(":")
    raw = bytes.fromhex(address)
    return (socket.inet_ntoa(raw[::-1]) if len(raw) == 4 else address), int(port, 16)


def client(stack: StackProcess, service: str) -> Any:
    settings = stack.environment
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=settings.get(f"AWS_ENDPOINT_URL_{service.upper()}", settings["AWS_ENDPOINT_URL"]),
        aws_access_key_id=settings["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=settings["AWS_SECRET_ACCESS_KEY"],
        config=Config(signature_version="s3v4") if service == "s3" else None,
    )


def everything(stack: StackProcess) -> dict[str, Any]:
    """All that the page tries to change, and that nothing else changes meanwhile."""
    dynamodb, objects = client(stack, "dynamodb"), client(stack, "s3")
    return {
        "tables": dynamodb.list_tables()["TableNames"],
        "keys": dynamodb.scan(TableName=KEYS)["Count"],
        "objects": {
            bucket["Name"]: sorted(each["Key"] for each in _objects(objects, bucket["Name"]))
            for bucket in objects.list_buckets()["Buckets"]
        },
        "queues": sorted(client(stack, "sqs").list_queues()["QueueUrls"]),
        "rules": sorted(rule["Name"] for rule in client(stack, "events").list_rules()["Rules"]),
    }


def _objects(objects: Any, bucket: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = objects.list_objects_v2(Bucket=bucket).get("Contents", [])
    return found


@pytest.fixture(scope="module")
def quiet_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A stack of its own, in which nothing changes by itself but once a quarter of an hour."""
    require_whole_stack()
    with StackProcess(tmp_path_factory.mktemp("stack")) as stack:
        client(stack, "s3").put_object(Bucket=BUCKET, Key="kept", Body=b"kept")
        yield stack


def test_page_takes_over_what_lets_everybody_in(tmp_path: Path) -> None:
    """The control: the same page, before an emulator as it comes."""
    require_whole_stack()
    binary = find_dynoxide()
    assert binary
    emulator = Dynoxide(binary)
    try:
        found = attacked([emulator.port], tmp_path)
        assert any("TableNames" in each for each in found)
        assert any("planted" in each for each in found), found
    finally:
        emulator.stop()


def test_page_reads_nothing_and_changes_nothing(quiet_stack: StackProcess, tmp_path: Path) -> None:
    ports = sorted(port for address, port in listeners(quiet_stack) if address == "127.0.0.1")
    settings = quiet_stack.environment
    assert {urlsplit(settings["AWS_ENDPOINT_URL"]).port, urlsplit(settings["AWS_ENDPOINT_URL_DYNAMODB"]).port} < {
        *ports
    }
    link = client(quiet_stack, "s3").generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": "planted"})
    before = everything(quiet_stack)
    found = attacked(ports, tmp_path, link=link)
    assert found == []
    assert everything(quiet_stack) == before


def test_stack_listens_nowhere_else_but_where_nobody_finds_it(own_stack: Any) -> None:
    hidden = []
    for _ in range(2):
        stack = own_stack()
        others = {address for address, _ in listeners(stack)} - {"127.0.0.1"}
        hidden += others
        assert len(others) == 1
        stack.stop()
    assert len(set(hidden)) == 2
    for address in hidden:
        first, *rest = map(int, address.split("."))
        assert first == 127
        assert rest != [0, 0, 1]


@pytest.mark.parametrize("service", ["API_GATEWAY", "DYNAMODB", "S3"])
def test_name_that_was_pointed_here_is_refused(quiet_stack: StackProcess, service: str) -> None:
    """Rebinding: to the browser all is one origin, and the page may say whatever it likes, but for the key."""
    settings = quiet_stack.environment
    address = urlsplit(settings.get(f"AWS_ENDPOINT_URL_{service}", settings["AWS_ENDPOINT_URL"]))
    key = settings["AWS_ACCESS_KEY_ID"]
    for host, said in (
        (f"{FOREIGN_HOST}:{address.port}", key),
        (f"127.0.0.1.{FOREIGN_HOST}:{address.port}", key),
        (f"127.0.0.1:{address.port}\r\nHost: {FOREIGN_HOST}", key),
        ("127.0.0.1", key),
        (f"127.0.0.1:{address.port}", "LOCAL" + "0" * 24),
    ):
        head = f"GET /_local/environment HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {said}\r\nConnection: close"
        with socket.create_connection(("127.0.0.1", address.port or 0)) as raw:
            raw.sendall(f"{head}\r\n\r\n".encode())
            answer = b"".join(iter(lambda: raw.recv(65536), b"")).decode()
        assert answer.split()[1] == "403", (host, answer)
        assert settings["AWS_SECRET_ACCESS_KEY"] not in answer


def test_api_refuses_a_name_that_was_pointed_here(quiet_stack: StackProcess) -> None:
    url = quiet_stack.credentials["baseUrl"] + "/v1/whoami"
    headers = {"Authorization": f"Bearer {quiet_stack.credentials['apiKey']}"}
    port = urlsplit(url).port
    assert httpx.get(url, headers=headers, trust_env=False).status_code == 200
    for host, status in ((f"localhost:{port}", 200), (f"[::1]:{port}", 200), (f"{FOREIGN_HOST}:{port}", 403)):
        assert httpx.get(url, headers={**headers, "Host": host}, trust_env=False).status_code == status


def test_links_work_for_clients_and_for_pages_of_the_stacks_own_origin(quiet_stack: StackProcess) -> None:
    objects = client(quiet_stack, "s3")
    origin = quiet_stack.credentials["baseUrl"].removesuffix("/api")
    for number, headers in enumerate(({}, {"Origin": origin}, {"Origin": origin.replace("127.0.0.1", "localhost")})):
        key = {"Bucket": BUCKET, "Key": f"uploads/{number}"}
        link = objects.generate_presigned_url("put_object", Params=key)
        page = headers.get("Origin")
        if page:
            asked = {
                **headers,
                "Access-Control-Request-Method": "PUT",
                "Access-Control-Request-Headers": "if-none-match",
            }
            allowed = httpx.options(link, headers=asked, trust_env=False)
            assert (allowed.status_code, allowed.headers["Access-Control-Allow-Headers"]) == (204, "if-none-match")
            assert "PUT" in allowed.headers["Access-Control-Allow-Methods"]
        put = httpx.put(link, content=b"sent", headers=headers, trust_env=False)
        got = httpx.get(objects.generate_presigned_url("get_object", Params=key), headers=headers, trust_env=False)
        assert (put.status_code, got.content) == (200, b"sent")
        assert put.headers.get("Access-Control-Allow-Origin") == got.headers.get("Access-Control-Allow-Origin") == page
    for foreign in ("http://evil.example", "null", f"{origin}.evil.example", "http://127.0.0.1:1"):
        answer = httpx.get(objects.generate_presigned_url("get_object", Params=key), headers={"Origin": foreign})
        assert (answer.status_code, "Access-Control-Allow-Origin" in answer.headers) == (403, False)


def test_whatever_the_stack_keeps_is_its_users_alone(own_stack: Any, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "objects").mkdir(parents=True)
    data.chmod(0o755)
    (data / "objects").rmdir()
    stack = own_stack("--data", str(data))
    with stack.client() as api:
        source = api.post("v1/sources", json={"name": "Help"}).json()["source"]["id"]
        api.post(f"v1/sources/{source}/items", json={"externalItemId": "a", "title": "A", "content": "Text"})
        run = api.post(f"v1/sources/{source}/runs").json()["run"]["id"]
        assert api.post(f"v1/sources/{source}/runs/{run}/apply").status_code == 200
    kept = [data, *data.rglob("*")]
    assert len(kept) > 10
    modes = {str(path.relative_to(data)): path.stat().st_mode & 0o077 for path in kept}
    assert {name: mode for name, mode in modes.items() if mode} == {}
    assert stack.credentials_path.stat().st_mode & 0o077 == 0
    stack.stop()
    for path in kept:
        if path.exists():
            path.chmod(0o755 if path.is_dir() else 0o644)
    own_stack("--data", str(data))
    assert not any(path.stat().st_mode & 0o077 for path in [data, *data.rglob("*")])
