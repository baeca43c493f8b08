"""What one contract breaks of another: for everybody who was content with the old one, the new one must be as good.

What is sent may be narrowed by no rule, and what is answered may lose nothing: docs/compatibility.md. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Contract = Mapping[str, Any]
_METHODS = ("get", "post", "put", "patch", "delete")
# Of what is sent: a value must be at least, or at most, this.
_FLOORS, _CEILINGS = ("minLength", "minItems", "minimum"), ("maxLength", "maxItems", "maximum")


def breaking_changes(old: Contract, new: Contract) -> list[str]:
    """Name each thing that worked by the old contract and may not by the new one, with its place."""
    return sorted(set(_Comparison(old, new).changes()))


class _Comparison:
    def __init__(self, old: Contract, new: Contract) -> None:
        self._old, self._new = old, new
        self._under_way: set[tuple[str, str, bool]] = set()

    def changes(self) -> Iterator[str]:
        for path, item in self._old["paths"].items():
            for method in _METHODS:
                if method in item:
                    name = f"{method.upper()} {path}"
                    found = self._new["paths"].get(path, {})
                    if method in found:
                        yield from self._operation(name, (item, item[method]), (found, found[method]))
                    else:
                        yield f"{name}: the operation is gone"
        # What webhooks send is named by no operation.
        for name in self._old["components"]["schemas"]:
            if name.endswith("Event"):
                reference = {"$ref": f"#/components/schemas/{name}"}
                if name in self._new["components"]["schemas"]:
                    yield from self._schema(name, reference, reference, sent=False)
                else:
                    yield f"{name}: the event is gone"

    def _operation(self, name: str, old: tuple[Any, Any], new: tuple[Any, Any]) -> Iterator[str]:
        if old[1]["operationId"] != new[1]["operationId"]:
            yield f"{name}: operationId is {new[1]['operationId']}, and was {old[1]['operationId']}"
        if old[1].get("security") == [] and new[1].get("security") != []:
            yield f"{name}: it takes a key"
        yield from self._parameters(name, self._parameters_of(self._old, *old), self._parameters_of(self._new, *new))
        yield from self._bodies(name, old[1].get("requestBody"), new[1].get("requestBody"))
        for status, response in old[1]["responses"].items():
            if status not in new[1]["responses"]:
                if status < "300":
                    yield f"{name}: it does not answer {status} any more"
                continue
            was = _resolved(self._old, response)
            became = _resolved(self._new, new[1]["responses"][status])
            for header in was.get("headers", {}).keys() - became.get("headers", {}).keys():
                yield f"{name} {status}: the header {header} is gone"
            yield from self._contents(f"{name} {status}", was, became, sent=False)

    def _parameters(self, name: str, old: Mapping[Any, Any], new: Mapping[Any, Any]) -> Iterator[str]:
        for key, parameter in old.items():
            if key not in new:
                yield f"{name}: the parameter {key[1]} is gone"
            else:
                yield from self._schema(f"{name} {key[1]}", parameter["schema"], new[key]["schema"], sent=True)
        for key, parameter in new.items():
            if parameter.get("required") and not old.get(key, {}).get("required"):
                yield f"{name}: the parameter {key[1]} is required"

    def _bodies(self, name: str, old: Any, new: Any) -> Iterator[str]:
        if new is not None and new.get("required") and not (old or {}).get("required"):
            yield f"{name}: a body is required"
        if old is not None:
            if new is None:
                yield f"{name}: it takes no body any more"
            else:
                yield from self._contents(f"{name} body", old, new, sent=True)

    def _contents(self, place: str, old: Any, new: Any, *, sent: bool) -> Iterator[str]:
        for media, content in old.get("content", {}).items():
            found = new.get("content", {}).get(media)
            if found is None:
                yield f"{place}: {media} is gone"
            else:
                yield from self._schema(place, content["schema"], found["schema"], sent=sent)

    def _schema(self, place: str, old: Any, new: Any, *, sent: bool) -> Iterator[str]:
        # A schema that holds itself is compared once.
        names = (old.get("$ref", ""), new.get("$ref", ""), sent)
        if names[0] and names in self._under_way:
            return
        self._under_way.add(names)
        was, became = _resolved(self._old, old), _resolved(self._new, new)
        yield from _type(place, was, became, sent=sent)
        yield from _rules(place, was, became) if sent else ()
        yield from self._fields(place, was, became, sent=sent)
        if "items" in was and "items" in became:
            yield from self._schema(f"{place}[]", was["items"], became["items"], sent=sent)
        self._under_way.discard(names)

    def _fields(self, place: str, old: Any, new: Any, *, sent: bool) -> Iterator[str]:
        was, became = old.get("properties", {}), new.get("properties", {})
        for name in was:
            if name in became:
                yield from self._schema(f"{place}.{name}", was[name], became[name], sent=sent)
            else:
                yield f"{place}.{name} is gone"
        needed, given = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(given - needed) if sent else ():
            yield f"{place}.{name} is required"
        for name in sorted((needed - given) & became.keys()) if not sent else ():
            yield f"{place}.{name} may be left out of an answer"

    @staticmethod
    def _parameters_of(contract: Contract, item: Any, operation: Any) -> dict[tuple[str, str], Any]:
        listed = [*item.get("parameters", ()), *operation.get("parameters", ())]
        found = [_resolved(contract, each) for each in listed]
        return {(each["in"], each["name"]): each for each in found}


def _type(place: str, was: Any, became: Any, *, sent: bool) -> Iterator[str]:
    if was.get("type") != became.get("type"):
        # A receiver of `number` reads integers as well, and who sends integers sends numbers.
        wider = (was.get("type"), became.get("type")) == (("integer", "number") if sent else ("number", "integer"))
        if not wider:
            yield f"{place}: type is {became.get('type')}, and was {was.get('type')}"
    if sent and was.get("nullable") and not became.get("nullable"):
        yield f"{place}: null is refused"
    if not sent and became.get("nullable") and not was.get("nullable"):
        yield f"{place} may be null"
    if sent and "enum" in became:
        for value in was.get("enum", ["some values"]):
            if value not in became["enum"]:
                yield f"{place}: {value} is refused"
    # Values may be added to what is answered: docs/compatibility.md.


def _rules(place: str, was: Any, became: Any) -> Iterator[str]:
    for rules, narrower in ((_FLOORS, 1), (_CEILINGS, -1)):
        for rule in rules:
            if rule in became and (rule not in was or (became[rule] - was[rule]) * narrower > 0):
                yield f"{place}: {rule} is {became[rule]}, and was {was.get(rule, 'not said')}"
    for rule in ("pattern", "format"):
        if rule in became and became[rule] != was.get(rule):
            yield f"{place}: {rule} is {became[rule]}, and was {was.get(rule, 'not said')}"
    if was.get("additionalProperties", True) is not False and became.get("additionalProperties", True) is False:
        yield f"{place}: fields of one's own are refused"


def _resolved(contract: Contract, value: Any) -> Any:
    if "$ref" not in value:
        return value
    found: Any = contract
    for step in value["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return found
