"""Presigned links name the region of their bucket; an emulator's are in path style."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from knowledge.imports.files import ImportFiles
from knowledge.storage.clients import Clients
from knowledge.storage.objects import ObjectStore


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    # The session that other tests share keeps the credentials that it found first.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-east-1", "eu-south-1"])
def test_link_names_the_region(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    link = urlsplit(ObjectStore(Clients().s3, "content").make_link("a/b"))
    assert (link.netloc, link.path) == (f"content.s3.{region}.amazonaws.com", "/a/b")


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000"])
def test_link_to_an_emulator_is_in_path_style(name: str, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv(name, f"http://{host}")
    link = urlsplit(ObjectStore(Clients().s3, "content").make_link("a/b"))
    assert (link.netloc, link.path) == (host, "/content/a/b")


def test_answer_to_a_link_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    objects = ObjectStore(Clients().s3, "content")
    for link in (objects.make_link("a/b"), ImportFiles(Clients().s3, objects).report_link("a/b")):
        assert parse_qs(urlsplit(link).query)["response-cache-control"] == ["no-store"]
