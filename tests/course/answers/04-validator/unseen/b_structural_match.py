import json
import re
from math import inf

room_ok = re.compile(r"[a-zA-Z0-9:_-]{1,64}").fullmatch


def whole(digits):
    try:
        return int(digits)
    except ValueError:
        return -inf if digits.startswith("-") else inf


class NotBrowserJson(ValueError):
    pass


def constant(_):
    raise NotBrowserJson


decoder = json.JSONDecoder(parse_constant=constant, parse_int=whole)


def parse(text):
    try:
        return decoder.decode(text) if len(text.encode()) <= 8192 else None
    except (ValueError, RecursionError):
        return None


def validate(text):
    match parse(text):
        case {"type": "join", "roomId": str(room)} as message if room_ok(room):
            return message
        case {"type": "chat", "roomId": str(room), "text": str(said)} as message if room_ok(room):
            extra = sum(char >= "\U00010000" for char in said)
            return message if 0 < len(said) + extra <= 1000 else None
        case {"type": "progress", "roomId": str(room), "percent": bool()}:
            return None
        case {"type": "progress", "roomId": str(room), "percent": int() | float() as n} as message if room_ok(room):
            return message if 0 <= n <= 100 else None
    return None
