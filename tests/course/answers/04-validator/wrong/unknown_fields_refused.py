# misconception: unknown-field-refused
# caught by: unknown-fields
import json
import re

ROOM = re.compile("[a-zA-Z0-9:_-]{1,64}")


def refuse(constant):
    raise ValueError(constant)


def validate(text):
    if len(text.encode("utf-8", "surrogatepass")) > 8192:
        return None
    try:
        message = json.loads(text, parse_constant=refuse)
    except (ValueError, RecursionError):
        return None
    if not isinstance(message, dict):
        return None
    if not set(message) <= {"type", "roomId", "text", "percent"}:
        return None
    kind, room = message.get("type"), message.get("roomId")
    if not isinstance(room, str) or not ROOM.fullmatch(room):
        return None
    if kind == "join":
        return message
    if kind == "chat":
        words = message.get("text")
        if not isinstance(words, str) or not 1 <= len(words.encode("utf-16-le", "surrogatepass")) // 2 <= 1000:
            return None
        return message
    if kind == "progress":
        percent = message.get("percent")
        if type(percent) not in (int, float) or not 0 <= percent <= 100:
            return None
        return message
    return None
