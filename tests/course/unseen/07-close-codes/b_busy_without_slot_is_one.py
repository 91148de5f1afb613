# wrong
# 1013 without a slot gives 1.0 instead of None: everybody comes back in the same second.
import re


def after_close(code, reason):
    if code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410):
        return None
    if code in (4401, 4419):
        return ("fresh", None)
    m = re.search(r"(?<!\S)retry=([0-9]{1,9})(?!\S)", reason)
    slot = int(m[1]) / 1000 if m else None
    if code == 1013:
        return ("resume", max(slot or 0, 1.0))
    if code in (1012, 4429):
        return ("resume", slot)
    if 4400 <= code < 4500 and code != 4408:
        return None
    return ("resume", None)
