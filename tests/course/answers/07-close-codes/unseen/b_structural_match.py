from string import digits


def _millis(reason):
    words = (word.removeprefix("retry=") for word in reason.split() if word.startswith("retry="))
    good = (word for word in words if 1 <= len(word) <= 9 and set(word) <= set(digits))
    return next(map(int, good), None)


def after_close(code, reason):
    match code:
        case 4401 | 4419:
            return "fresh", None
        case 1012 | 4429 | 1013:
            ms = _millis(reason)
            if ms is None:
                return "resume", None
            return "resume", (max(ms, 1000) if code == 1013 else ms) / 1000
        case 1000 | 1002 | 1003 | 1007 | 1008 | 1009:
            return None
        case 4408:
            return "resume", None
        case _:
            return None if code // 100 == 44 else ("resume", None)
