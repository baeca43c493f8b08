"""Keeps moto's S3 objects in files: memory holds what describes them, and they outlive the process.

A file holds one line of JSON (bucket, key, headers) and then the object's bytes; its name is the SHA-256 of bucket
and key. A file appears under its name whole or not at all.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from moto.s3.models import FakeKey, S3Backend, s3_backends

from local.emulators.object_bodies import StoredBody
from local.template.load import ACCOUNT_ID, REGION

ObjectName = tuple[str, str]


class TouchedObjects(threading.local):
    """The objects that the current thread's request has stored or deleted so far."""

    def __init__(self) -> None:
        self._names: set[ObjectName] = set()

    def add(self, bucket: str, key: str) -> None:
        """Note one object."""
        self._names.add((bucket, key))

    def clear(self) -> None:
        """Forget what an earlier request of this thread left."""
        self._names.clear()

    def drain(self) -> set[ObjectName]:
        """Return what was noted and start anew."""
        names, self._names = self._names, set()
        return names


def watch_objects() -> TouchedObjects:
    """Have moto note every object that it stores or deletes; the two methods are where all its requests end up."""
    touched = TouchedObjects()
    patched: Any = S3Backend
    put_object, delete_object = patched.put_object, patched.delete_object

    def put(backend: Any, bucket_name: str, key_name: str, *rest: Any, **more: Any) -> Any:
        touched.add(bucket_name, key_name)
        return put_object(backend, bucket_name, key_name, *rest, **more)

    def delete(backend: Any, bucket_name: str, key_name: str, *rest: Any, **more: Any) -> Any:
        touched.add(bucket_name, key_name)
        return delete_object(backend, bucket_name, key_name, *rest, **more)

    patched.put_object, patched.delete_object = put, delete
    return touched


class ObjectFiles:
    """A folder of object files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        # The bodies that moto, or a request that still reads, holds of the present files.
        self._bodies: WeakValueDictionary[Path, StoredBody] = WeakValueDictionary()
        self._parted = itertools.count()

    def store(self, names: set[ObjectName]) -> None:
        """Bring the files of these objects to what moto holds of them, and take their bytes out of memory."""
        for bucket, key in names:
            path = self._path(bucket, key)
            stored: Any = _backend().get_object(bucket, key)
            if stored is None:
                self._part_readers(path)
                path.unlink(missing_ok=True)
            else:
                self._write(path, bucket, stored)

    def load(self) -> None:
        """Tell moto of every object that has a file, and clear away what a killed process left."""
        for leftover in [*self._folder.glob("*/*.part"), *self._folder.glob("*/*.parted")]:
            leftover.unlink()
        for path in self._folder.glob("*/*"):
            with path.open("rb") as file:
                line = file.readline()
            header = json.loads(line)
            backend = _backend()
            if header["bucket"] not in backend.buckets:
                backend.create_bucket(header["bucket"], REGION)
            stored = backend.put_object(header["bucket"], header["key"], b"", etag=header["etag"])
            stored.set_metadata(header["metadata"])
            stored.last_modified = datetime.fromisoformat(header["lastModified"])
            stored.contentsize = path.stat().st_size - len(line)
            self._leave_on_disk(stored, path, len(line))

    def _write(self, path: Path, bucket: str, stored: FakeKey) -> None:
        header = {
            "bucket": bucket,
            "key": stored.name,
            "etag": stored.etag.strip('"'),
            "lastModified": stored.last_modified.isoformat(),
            "metadata": dict(stored.metadata),
        }
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part")
        line = json.dumps(header).encode() + b"\n"
        with part.open("wb") as file:
            file.write(line)
            file.write(stored.value)
        self._part_readers(path)
        part.replace(path)
        self._leave_on_disk(stored, path, len(line))

    def _leave_on_disk(self, stored: Any, path: Path, offset: int) -> None:
        body = StoredBody(path, offset)
        with stored.lock:
            stored._value_buffer.close()
            stored._value_buffer = body
        self._bodies[path] = body

    def _part_readers(self, path: Path) -> None:
        """Let requests that read what the file holds now go on reading it."""
        body = self._bodies.pop(path, None)
        if body is not None and path.exists():
            body.part_from(path.with_name(f"{path.name}.{next(self._parted)}.parted"))

    def _path(self, bucket: str, key: str) -> Path:
        name = hashlib.sha256(f"{bucket}/{key}".encode()).hexdigest()
        return self._folder / name[:2] / name


def _backend() -> S3Backend:
    backend: S3Backend = s3_backends[ACCOUNT_ID]["aws"]
    return backend
