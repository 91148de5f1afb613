import re


STOP = {1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410}
SLOT = re.compile(r"(?<!\S)retry=([0-9]{1,9})(?!\S)")


def after_close(code, reason):
    if code in STOP:
        return None
    if code in (4401, 4419):
        return "fresh", None
    if code in (1012, 1013, 4429):
        found = SLOT.search(reason or "")
        if found is None:
            return "resume", None
        slot = int(found[1]) / 1000
        return "resume", max(slot, 1.0) if code == 1013 else slot
    if 4400 <= code <= 4499 and code != 4408:
        return None
    return "resume", None
