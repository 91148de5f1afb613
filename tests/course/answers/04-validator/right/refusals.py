import json


class Refused(Exception):
    pass


def must(holds):
    if not holds:
        raise Refused


def no_constant(name):
    raise Refused


LETTERS = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_-")


def judge(text):
    must(len(bytes(text, "utf8")) <= 8192)
    message = json.loads(text, parse_constant=no_constant)
    must(isinstance(message, dict))
    room = message.get("roomId")
    must(isinstance(room, str) and 1 <= len(room) <= 64 and set(room) <= LETTERS)
    match message.get("type"):
        case "join":
            pass
        case "chat":
            words = message.get("text")
            must(isinstance(words, str))
            must(2 <= len(words.encode("utf-16-be", "surrogatepass")) <= 2000)
        case "progress":
            percent = message.get("percent")
            must(isinstance(percent, (int, float)) and percent is not True and percent is not False)
            must(percent >= 0 and percent <= 100)
        case _:
            raise Refused
    return message


def validate(text):
    try:
        return judge(text)
    except (Refused, ValueError, RecursionError):
        return None
