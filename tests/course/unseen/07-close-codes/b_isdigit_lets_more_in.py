# wrong
# str.isdigit is true for a superscript two, on which int() raises ValueError.
def find_slot(reason):
    for word in reason.split():
        name, _, value = word.partition("=")
        if name == "retry" and value.isdigit() and len(value) <= 9:
            return int(value) / 1000
    return None


def after_close(code, reason):
    if code in (1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410):
        return None
    if code in (4401, 4419):
        return ("fresh", None)
    if code in (1012, 1013, 4429):
        slot = find_slot(reason)
        if code == 1013 and slot is not None and slot < 1:
            slot = 1.0
        return ("resume", slot)
    if 4400 <= code < 4500 and code != 4408:
        return None
    return ("resume", None)
