"""Which clients take gzip."""

from __future__ import annotations

import gzip

import pytest
from httpapi.content_codings import compressed, takes_gzip


@pytest.mark.parametrize(
    "values",
    [
        *(["gzip"], ["GZIP"], ["x-gzip"], ["*"], ["deflate, gzip;q=1.0, *;q=0.5"], ["br", "gzip"], ["gzip ; q=0.001"]),
        *(["identity;q=0.5, gzip"], ["identity, gzip"], ["gzip;q=0.5, identity;q=0"], ["gzip;q=1.000;x=y"]),
    ],
)
def test_asked_for(values: list[str]) -> None:
    assert takes_gzip(values)


@pytest.mark.parametrize(
    "values",
    [
        *([], [""], ["identity"], ["br"], ["gzip;q=0"], ["gzip;q=0.000"], ["*;q=0"], ["gzip;q=0, *"], ["gzipped"]),
        # Plain is liked better.
        *(["identity, gzip;q=0.5"], ["*, gzip;q=0.5"]),
        # No q-values.
        *(
            ["gzip;q=2"],
            ["gzip;q=-1"],
            ["gzip;q=nan"],
            ["gzip;q="],
            ["gzip;q=0.12345"],
            ["gzip;q=1e0"],
            ["gzip;q=\u0660"],
        ),
    ],
)
def test_not_asked_for(values: list[str]) -> None:
    assert not takes_gzip(values)


def test_text_comes_back_and_the_same_text_gives_the_same_bytes() -> None:
    text = b"words " * 1_000
    assert gzip.decompress(compressed(text)) == text
    assert compressed(text) == compressed(text)
    assert len(compressed(text)) < 100
