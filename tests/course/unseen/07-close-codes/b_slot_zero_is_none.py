# wrong
# A slot of 0 is falsy and comes back as None: retry=0 after 1012 is lost.
import re


def after_close(code, reason):
    if code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410):
        return None
    if code in (4401, 4419):
        return ("fresh", None)
    if code in (1012, 1013, 4429):
        m = re.search(r"(?<!\S)retry=([0-9]{1,9})(?!\S)", reason)
        slot = int(m[1]) / 1000 if m else None
        if code == 1013 and slot is not None:
            slot = max(slot, 1.0)
        return ("resume", slot or None)
    if 4400 <= code < 4500 and code != 4408:
        return None
    return ("resume", None)
