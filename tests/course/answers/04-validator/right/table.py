import json
import re
from math import isfinite


def refuse(constant):
    raise ValueError(constant)


def room(value):
    return type(value) is str and re.match(r"^[a-zA-Z0-9:_-]{1,64}\Z", value) is not None


def words(value):
    if type(value) is not str:
        return False
    units = sum(2 if ord(letter) > 0xFFFF else 1 for letter in value)
    return 0 < units <= 1000


def percent(value):
    return not isinstance(value, bool) and isinstance(value, int | float) and isfinite(value) and 0 <= value <= 100


FIELDS = {
    "join": {"roomId": room},
    "chat": {"roomId": room, "text": words},
    "progress": {"roomId": room, "percent": percent},
}


def validate(text):
    try:
        if len(text.encode()) > 8192:
            return None
        message = json.loads(text, parse_constant=refuse)
        fields = FIELDS[message["type"]]
        if all(holds(message[name]) for name, holds in fields.items()):
            return {"type": message["type"]} | {name: message[name] for name in fields}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError):
        pass
    return None
