import re


def stop(_):
    return None


def passes(_):
    return ("resume", None)


def fresh(_):
    return ("fresh", None)


def slotted(least):
    def answer(reason):
        for word in str(reason).split():
            if match := re.fullmatch("retry=([0-9]{1,9})", word):
                return ("resume", max(least, int(match.group(1)) / 1000))
        return ("resume", None)

    return answer


TABLE = dict.fromkeys((1000, 1002, 1003, 1007, 1008, 1009, 4403, 4409, 4410), stop)
TABLE |= dict.fromkeys((1001, 1006, 1011, 4408), passes)
TABLE |= {4401: fresh, 4419: fresh, 1012: slotted(0.0), 4429: slotted(0.0), 1013: slotted(1.0)}


def after_close(code, reason):
    return TABLE.get(code, stop if code in range(4400, 4500) else passes)(reason)
