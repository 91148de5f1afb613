import json
import re


def _room(value):
    return type(value) is str and re.fullmatch("[a-zA-Z0-9:_-]{1,64}", value)


def _text(value):
    return type(value) is str and 2 <= len(value.encode("utf-16-be", errors="surrogatepass")) <= 2000


def _percent(value):
    return type(value) in (int, float) and 0 <= value <= 100


FIELDS = {
    "join": {"roomId": _room},
    "chat": {"roomId": _room, "text": _text},
    "progress": {"roomId": _room, "percent": _percent},
}


class Strict(json.JSONDecoder):
    def __init__(self):
        super().__init__(parse_constant=self._never, parse_int=self._int)

    @staticmethod
    def _never(name):
        raise ValueError(name)

    @staticmethod
    def _int(digits):
        try:
            return int(digits)
        except ValueError:  # thousands of digits: what a browser has then is Infinity
            return float(digits)


def validate(text):
    try:
        assert len(text.encode()) <= 8192
        message = Strict().decode(text)
        checks = FIELDS[message["type"]]
        good = all(check(message[field]) for field, check in checks.items())
    except Exception:
        return None
    return message if good else None
