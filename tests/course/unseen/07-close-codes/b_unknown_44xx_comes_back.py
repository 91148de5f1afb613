# wrong
# Only the known 44xx codes stop; one that was invented later comes back with resume.
import re

STOP = {1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410}


def after_close(code, reason):
    if code in STOP:
        return None
    if code in {4401, 4419}:
        return ("fresh", None)
    if code in {1012, 1013, 4429}:
        slot = None
        for word in reason.split():
            if re.fullmatch(r"retry=[0-9]{1,9}", word):
                slot = int(word[6:]) / 1000
                break
        if code == 1013 and slot is not None:
            slot = max(1.0, slot)
        return ("resume", slot)
    return ("resume", None)
