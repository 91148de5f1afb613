"""The table of messages, as JSON Schema and as TypeScript types."""

import json
from typing import Any

from labkit.rules.fields import JSON_SCHEMAS, Field
from labkit.rules.messages import BY_TYPE, FIELDS, Message, Publication

Schema = dict[str, Any]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Schema = {"type": "string"}
_SET_BY_SERVER: Schema = {"id": _TEXT, "requestId": _TEXT, "userId": _TEXT, "sentAt": _TEXT}
_SEQ: Schema = {"seq": {"type": "integer", "minimum": 1}}


def json_schema() -> Schema:
    """Return one schema: `client` for a message from a client, `event` for a publication that the server delivers."""
    messages = {tag: _message(tag, kind) for tag, kind in BY_TYPE.items()}
    events = {f"{tag}_event": _event(tag, kind) for tag, kind in BY_TYPE.items() if issubclass(kind, Publication)}
    unions = {"client": _any_of(messages), "event": _any_of(events)}
    return {"$schema": DIALECT, "$ref": "#/$defs/client", "$defs": {**unions, **messages, **events}}


def json_schema_text() -> str:
    """Return the schema as JSON, indented by two."""
    return json.dumps(json_schema(), indent=2)


def typescript() -> str:
    """Return the types of the client's messages and of the events."""
    schemas = json_schema()["$defs"]
    names = {key: _type_name(key) for key in schemas if key not in ("client", "event")}
    types = [f"export type {name} = {_object_type(schemas[key])};" for key, name in names.items()]
    for union, members in (("ClientMessage", BY_TYPE), ("RoomEvent", [key for key in names if key.endswith("_event")])):
        types.append(f"export type {union} = {' | '.join(names[key] for key in members)};")
    return "\n".join(types)


def _message(tag: str, kind: type[Message]) -> Schema:
    fields = FIELDS[kind]
    properties = {one.name: JSON_SCHEMAS[one.read] for one in fields}
    return _object(tag, properties, [one.name for one in fields if one.required])


def _event(tag: str, kind: type[Publication]) -> Schema:
    own: list[Field] = [one for one in FIELDS[kind] if one.name in ("roomId", *kind.OWN_FIELDS)]
    properties = {one.name: JSON_SCHEMAS[one.read] for one in own}
    required = [one.name for one in own if one.required]
    return _object(tag, {**_SET_BY_SERVER, **properties, **_SEQ}, [*_SET_BY_SERVER, *required])


def _object(tag: str, properties: Schema, required: list[str]) -> Schema:
    properties = {"type": {"const": tag}, **properties}
    return {"type": "object", "properties": properties, "required": ["type", *required]}


def _any_of(kinds: Schema) -> Schema:
    return {"oneOf": [{"$ref": f"#/$defs/{key}"} for key in kinds]}


def _type_name(key: str) -> str:
    name = "".join(word.capitalize() for word in key.split("_"))
    return name if key.endswith("_event") else f"{name}Message"


def _object_type(schema: Schema) -> str:
    required = schema["required"]
    fields = (
        f"{name}{'' if name in required else '?'}: {_type(value)}" for name, value in schema["properties"].items()
    )
    return f"{{ {'; '.join(fields)} }}"


def _type(schema: Schema) -> str:
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(map(json.dumps, schema["enum"]))
    if "anyOf" in schema:
        return " | ".join(map(_type, schema["anyOf"]))
    if schema.get("type") == "object":
        return _object_type(schema)
    return "number" if schema.get("type") in ("number", "integer") else "string"
