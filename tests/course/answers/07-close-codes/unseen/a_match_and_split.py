import re


def slot_in(reason):
    for word in (reason or "").split():
        if re.fullmatch("retry=[0-9]{1,9}", word):
            return int(word[6:]) / 1000
    return None


def after_close(code, reason):
    match code:
        case 1000 | 1002 | 1003 | 1007 | 1008 | 1009 | 4403 | 4409 | 4410:
            return None
        case 1001 | 1006 | 1011 | 4408:
            return ("resume", None)
        case 4401 | 4419:
            return ("fresh", None)
        case 1012 | 4429:
            return ("resume", slot_in(reason))
        case 1013:
            slot = slot_in(reason)
            return ("resume", None if slot is None else max(1.0, slot))
        case _ if code // 100 == 44:
            return None
        case _:
            return ("resume", None)
