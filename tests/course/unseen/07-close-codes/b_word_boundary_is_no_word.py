# wrong
# \b is not the border of a word: "no-retry=5" and "retry=5.5" are read as slots.
import re


def after_close(code, reason):
    if code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410):
        return None
    if code in (4401, 4419):
        return ("fresh", None)
    if code in (1012, 1013, 4429):
        m = re.search(r"\bretry=([0-9]{1,9})\b", reason)
        if not m:
            return ("resume", None)
        slot = int(m[1]) / 1000
        return ("resume", max(slot, 1.0) if code == 1013 else slot)
    if 4400 <= code < 4500 and code != 4408:
        return None
    return ("resume", None)
