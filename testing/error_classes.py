"""Every class of errors that clients can meet, found by itself, so that a new one is tested from its first day."""

from __future__ import annotations

import importlib
import pkgutil

import httpapi
import knowledge
import webhooks
from httpapi.errors import EdgeError
from knowledge.errors import KnowledgeError


def with_subclasses(root: type[Exception]) -> list[type[Exception]]:
    """A class and those under it that the layers define, each after its parent and in the order of their definition."""
    found = [root]
    for child in root.__subclasses__():
        if child.__module__.partition(".")[0] in {"knowledge", "webhooks", "httpapi"}:
            found += [each for each in with_subclasses(child) if each not in found]
    return found


def _import_all() -> None:
    for package in (knowledge, webhooks, httpapi):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)


_import_all()
# What a task can fail with, and so what a run or an import can keep.
OF_TASKS: list[type[KnowledgeError]] = [
    each for each in with_subclasses(KnowledgeError) if issubclass(each, KnowledgeError)
]
OF_THE_EDGE = [each for each in with_subclasses(EdgeError) if issubclass(each, EdgeError)]
EVERY: list[type[KnowledgeError] | type[EdgeError]] = [*OF_TASKS, *OF_THE_EDGE]
