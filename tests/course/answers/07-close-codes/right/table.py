TABLE = {code: None for code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410)}
TABLE |= {4401: "fresh", 4419: "fresh", 4408: "resume", 4429: "resume"}
SLOTS = {1012: 0.0, 1013: 1.0, 4429: 0.0}


def slot_s(reason):
    for word in reason.split():
        name, _, digits = word.partition("=")
        if name == "retry" and digits.isascii() and digits.isdigit() and len(digits) < 10:
            return int(digits) / 1000
    return None


def after_close(code, reason):
    unknown = None if code // 100 == 44 else "resume"
    credential = TABLE.get(code, unknown)
    if credential is None:
        return None
    slot = slot_s(reason) if code in SLOTS else None
    return credential, None if slot is None else max(SLOTS[code], slot)
