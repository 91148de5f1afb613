import re


RESUME, FRESH = ("resume", None), ("fresh", None)
KNOWN = dict.fromkeys((1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410), None)
KNOWN |= dict.fromkeys((1001, 1006, 1011, 4408), RESUME)
KNOWN |= dict.fromkeys((4401, 4419), FRESH)
LEAST_MS = {1012: 0, 4429: 0, 1013: 1000}


def after_close(code, reason):
    if code in LEAST_MS:
        digits = [w.removeprefix("retry=") for w in str(reason).split() if w.startswith("retry=")]
        slots = [int(d) for d in digits if d.isascii() and d.isdigit() and len(d) <= 9]
        return ("resume", max(slots[0], LEAST_MS[code]) / 1000) if slots else RESUME
    ours = 4400 <= code < 4500
    return KNOWN.get(code, None if ours else RESUME)
