import json
import re

ROOM = re.compile(r"\A[a-zA-Z0-9:_-]{1,64}\Z")


def units(text):
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


def is_room(value):
    return isinstance(value, str) and ROOM.match(value) is not None


FIELDS = {
    "join": {"roomId": is_room},
    "chat": {"roomId": is_room, "text": lambda v: isinstance(v, str) and 1 <= units(v) <= 1000},
    "progress": {
        "roomId": is_room,
        "percent": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool) and 0 <= v <= 100,
    },
}


def no_constant(name):
    raise ValueError(name)


def validate(text):
    try:
        if len(text.encode("utf-8")) > 8192:
            return None
        message = json.loads(text, parse_constant=no_constant, parse_int=float)
        rules = FIELDS[message["type"]]
        if all(rule(message[name]) for name, rule in rules.items()):
            return {"type": message["type"], **{name: message[name] for name in rules}}
    except (ValueError, RecursionError, KeyError, TypeError, AttributeError):
        pass
    return None
