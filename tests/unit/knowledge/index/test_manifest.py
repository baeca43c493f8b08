"""The manifest reads back, is small whatever it is the root of, and one of another format is refused."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from knowledge.index.blocks import Place, Ref
from knowledge.index.manifest import (
    MAGIC,
    Manifest,
    decode_manifest,
    digest_of,
    encode_manifest,
    manifest_bytes,
)
from knowledge.index.names import (
    ROWS_A_BLOCK,
    BlockPlace,
    Directory,
    NamedObject,
    Names,
    ObjectKind,
    ObjectName,
    id_text,
)
from knowledge.storage.format import UnknownFormatError

BODY = hashlib.sha256(b"what stands before it").digest()
MOST_BYTES = 3 * 1024
numbers = st.integers(0, 2**32 - 1)
hashes = st.binary(min_size=32, max_size=32)
ulids = st.binary(min_size=16, max_size=16).map(id_text)
names = st.builds(ObjectName, st.sampled_from(ObjectKind), ulids, ulids, st.integers(0, 2**16 - 1))
rows = st.builds(NamedObject, names, numbers, hashes.map(bytes.hex))
directories = st.builds(Directory, st.builds(BlockPlace, names, numbers), st.integers(1, 2**32 - 1))
roots = st.builds(
    Ref,
    is_block=st.booleans(),
    bits=st.just(0),
    slot=st.just(0),
    place=st.builds(Place, numbers, numbers, numbers),
    entries=numbers,
    content_bytes=st.integers(0, 2**64 - 1),
    oldest=numbers,
    merkle=hashes,
)
manifests = st.builds(
    Manifest,
    own=names,
    base_digest=st.none() | hashes.map(bytes.hex),
    root=st.none() | roots,
    names=st.builds(Names, st.lists(rows, max_size=ROWS_A_BLOCK - 1) | st.just([]), st.none() | directories),
    member_bytes=st.integers(0, 2**64 - 1),
    index_bytes=st.integers(0, 2**64 - 1),
)


@given(manifests)
def test_manifest_reads_back_from_the_end_of_its_object(manifest: Manifest) -> None:
    written = encode_manifest(manifest, BODY)
    assert manifest_bytes(b"some blocks before it" + written) == written
    assert decode_manifest(written) == manifest
    assert BODY in written


@given(manifests, st.lists(rows, min_size=ROWS_A_BLOCK - 1, max_size=ROWS_A_BLOCK - 1), directories, roots)
def test_manifest_is_at_most_3_kb(manifest: Manifest, most: list[Any], directory: Directory, root: Ref) -> None:
    fullest = Manifest(manifest.own, "ab" * 32, root, Names(most, directory), 2**64 - 1, 2**64 - 1)
    assert len(encode_manifest(manifest, BODY)) <= len(encode_manifest(fullest, BODY)) <= MOST_BYTES


@given(manifests)
def test_digest_names_the_whole_object(manifest: Manifest) -> None:
    """What stands before the manifest is in its digest, too."""
    other = hashlib.sha256(b"other").digest()
    assert digest_of(encode_manifest(manifest, BODY)) != digest_of(encode_manifest(manifest, other))
    assert digest_of(b"") == hashlib.sha256().hexdigest()


@given(manifests)
def test_sums_are_those_of_the_root(manifest: Manifest) -> None:
    root = manifest.root
    found = (manifest.entries, manifest.content_bytes)
    assert found == ((0, 0) if root is None else (root.entries, root.content_bytes))


@pytest.mark.parametrize("tail", [b"", b"KBI1", b"x" * 6, b"\x06\0" + b"KBI0", b"\x1f\x8b gzip of format 1"])
def test_object_of_another_format_is_refused(tail: bytes) -> None:
    with pytest.raises(UnknownFormatError):
        manifest_bytes(tail)


def test_format_is_named_at_the_very_end() -> None:
    manifest = Manifest(ObjectName(ObjectKind.RUN_INDEX, "0" * 26, "0" * 26, 0), None, None, Names(), 0, 0)
    assert encode_manifest(manifest, BODY).endswith(MAGIC)
