import json
import re


def refuse(_):
    raise ValueError("not JSON")


def units(text):
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


def is_room(value):
    return re.fullmatch(r"[a-zA-Z0-9:_-]{1,64}", value) is not None


def read(text):
    if len(text.encode("utf-8", "surrogatepass")) > 8192:
        raise ValueError("too large")
    # every number is a double, as it is for a browser
    return json.loads(text, parse_constant=refuse, parse_int=float)


def validate(text):
    try:
        message = read(text)
    except (ValueError, RecursionError):
        return None
    match message:
        case {"type": "join", "roomId": str(room)} if is_room(room):
            return {"type": "join", "roomId": room}
        case {"type": "chat", "roomId": str(room), "text": str(said)} if is_room(room) and 1 <= units(said) <= 1000:
            return {"type": "chat", "roomId": room, "text": said}
        case {"type": "progress", "roomId": str(room), "percent": float(percent)} if is_room(room) and 0 <= percent <= 100:
            return {"type": "progress", "roomId": room, "percent": percent}
    return None
