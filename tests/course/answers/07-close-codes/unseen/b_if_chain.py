import re

SLOT = re.compile(r"(?<!\S)retry=([0-9]{1,9})(?!\S)")


def slot_of(reason):
    found = SLOT.search(reason or "")
    return int(found[1]) / 1000 if found else None


def after_close(code, reason):
    if code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410):
        return None
    if code in (4401, 4419):
        return "fresh", None
    if code in (1012, 4429):
        return "resume", slot_of(reason)
    if code == 1013:
        slot = slot_of(reason)
        return "resume", slot if slot is None else max(1.0, slot)
    if 4400 <= code <= 4499 and code != 4408:
        return None
    return "resume", None
