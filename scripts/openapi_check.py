"""docs/openapi.json is what the code makes, and breaks nothing that was released. `./dev check` runs it.

Released is docs/openapi-released.json, where there is one. Compatible are: new routes, new optional
parameters and request fields, new response fields, wider bounds, new enum values (CONVENTIONS §1.5).
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

COMMITTED: Final = ROOT / "docs" / "openapi.json"
RELEASED: Final = ROOT / "docs" / "openapi-released.json"
METHODS: Final = ("get", "post", "put", "patch", "delete")
LEAST: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems")
MOST: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems")

Json = dict[str, Any]


class Comparison:
    """Two documents; `breaks` names every place where a client of `old` would fall over `new`."""

    def __init__(self, old: Json, new: Json) -> None:
        self.old, self.new = old, new
        self._seen: set[tuple[str, str, str]] = set()

    def breaks(self) -> Iterator[str]:
        for path, item in self.old["paths"].items():
            for method in METHODS:
                if method in item:
                    place = f"{method.upper()} {path}"
                    operation = self.new["paths"].get(path, {}).get(method)
                    if operation is None:
                        yield f"{place} is gone"
                    else:
                        yield from self._operation(place, item[method], operation)

    def _operation(self, place: str, old: Json, new: Json) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{place}: operationId {old.get('operationId')} became {new.get('operationId')}"
        if "x-permission" in new and old.get("x-permission") != new["x-permission"]:
            yield f"{place}: needs {new['x-permission']} instead of {old.get('x-permission')}"
        yield from self._parameters(place, old.get("parameters", []), new.get("parameters", []))
        yield from self._request(place, old.get("requestBody"), new.get("requestBody"))
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield f"{place}: response {status} is gone"
                continue
            before, after = _body(response), _body(new["responses"][status])
            if before is not None and after is None:
                yield f"{place}: response {status} has no body any more"
            elif before is not None and after is not None:
                yield from self._schema(f"{place} {status}", before, after, sent="back")

    def _parameters(self, place: str, old: list[Json], new: list[Json]) -> Iterator[str]:
        after = {(each["in"], each["name"]): each for each in new}
        before = {(each["in"], each["name"]): each for each in old}
        for key, parameter in before.items():
            name = f"{place}: {key[0]} parameter {key[1]}"
            if key not in after:
                yield f"{name} is gone"
                continue
            if after[key].get("required") and not parameter.get("required"):
                yield f"{name} became required"
            yield from self._schema(name, parameter["schema"], after[key]["schema"], sent="in")
        for key in after.keys() - before.keys():
            if after[key].get("required"):
                yield f"{place}: {key[0]} parameter {key[1]} is new and required"

    def _request(self, place: str, old: Json | None, new: Json | None) -> Iterator[str]:
        if old is None and new is not None and new.get("required"):
            yield f"{place}: a body is needed now"
        elif old is not None and new is None:
            yield f"{place}: no body is taken any more"
        elif old is not None and new is not None:
            if new.get("required") and not old.get("required"):
                yield f"{place}: the body became required"
            before, after = _body(old), _body(new)
            if before is not None and after is not None:
                yield from self._schema(f"{place} body", before, after, sent="in")

    def _schema(self, place: str, old: Json, new: Json, *, sent: str) -> Iterator[str]:
        """`sent` `in`: clients send by `old`; `back`: clients read by `old`."""
        pair = (old.get("$ref", ""), new.get("$ref", ""), sent)
        if pair[0] and pair in self._seen:
            return
        self._seen.add(pair)
        was, now = _types(self.old, old), _types(self.new, new)
        old, new = _resolved(self.old, old), _resolved(self.new, new)
        lost = was - now if sent == "in" else now - was
        if lost and was and now:
            yield f"{place}: type {_list(was)} became {_list(now)}"
        yield from _values(place, old, new, sent)
        yield from self._properties(place, old, new, sent)
        if "items" in old and "items" in new:
            yield from self._schema(f"{place}[]", old["items"], new["items"], sent=sent)

    def _properties(self, place: str, old: Json, new: Json, sent: str) -> Iterator[str]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required, needed = set(old.get("required", [])), set(new.get("required", []))
        for name in sorted(before.keys() - after.keys()):
            yield f"{place}: field {name} is gone"
        if sent == "in":
            for name in sorted(needed - required):
                yield f"{place}: field {name} {'became' if name in before else 'is new and'} required"
        else:
            for name in sorted((required - needed) & after.keys()):
                yield f"{place}: field {name} may be absent now"
        for name in sorted(before.keys() & after.keys()):
            yield from self._schema(f"{place}.{name}", before[name], after[name], sent=sent)


def _values(place: str, old: Json, new: Json, sent: str) -> Iterator[str]:
    """What clients might send they still may; what they read may grow: they ignore what they do not know."""
    if sent != "in":
        return
    if "enum" in new:
        for value in old.get("enum", ["any value"]):
            if value not in new["enum"]:
                yield f"{place}: {value} is not allowed any more"
    for words, narrower in ((LEAST, 1), (MOST, -1)):
        for word in words:
            if word in new and (word not in old or (new[word] - old[word]) * narrower > 0):
                yield f"{place}: {word} {old.get(word, 'none')} became {new[word]}"
    if "pattern" in new and new["pattern"] != old.get("pattern"):
        yield f"{place}: pattern {old.get('pattern', 'none')} became {new['pattern']}"


def _body(holder: Json) -> Json | None:
    content = holder.get("content", {})
    return next((media["schema"] for media in content.values() if "schema" in media), None)


def _resolved(document: Json, schema: Json) -> Json:
    """The schema itself behind a reference, or behind the one alternative that is not null."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    choices = [each for each in schema.get("oneOf", []) if each.get("type") != "null"]
    if len(choices) == 1:
        return {**_resolved(document, choices[0]), **schema}
    return schema


def _types(document: Json, schema: Json) -> set[str]:
    """The JSON types that a schema allows; none where it does not say."""
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        return set().union(*(_types(document, each) for each in schema["oneOf"]))
    told = schema.get("type", [])
    return {told} if isinstance(told, str) else set(told)


def _list(names: set[str]) -> str:
    return "|".join(sorted(names))


def main() -> int:
    """0 when the committed document is the generated one and nothing released is broken."""
    from app.openapi import generated, text

    told = generated()
    if not COMMITTED.exists() or COMMITTED.read_text(encoding="utf-8") != text(told):
        print("docs/openapi.json is not what the code makes: run .venv/bin/python -m app.openapi")
        return 1
    if RELEASED.exists():
        broken = list(Comparison(msgspec.json.decode(RELEASED.read_bytes()), told).breaks())
        print("\n".join(broken))
        return int(bool(broken))
    return 0


if __name__ == "__main__":
    sys.exit(main())
