# misconception: expired-is-presented-again
# caught by: fresh
import re

STOP = {1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410}


def after_close(code, reason):
    if code in STOP:
        return None
    if code == 4419:
        return "fresh", None
    if code in (1012, 1013, 4429):
        found = re.search(r"(?:^|\s)retry=([0-9]{1,9})(?:\s|$)", reason)
        if found is None:
            return "resume", None
        slot = int(found[1]) / 1000
        return "resume", max(1.0, slot) if code == 1013 else slot
    if 4400 <= code <= 4499 and code not in (4401, 4408):
        return None
    return "resume", None
