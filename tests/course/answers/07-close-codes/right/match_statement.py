import re


def after_close(code, reason):
    match code:
        case 1012 | 1013 | 4429:
            words = [word for word in reason.split(" ") if re.fullmatch("retry=[0-9]{1,9}", word)]
            if not words:
                return ["resume", None]
            seconds = int(words[0][6:]) / 1000
            return ["resume", seconds if seconds >= 1 or code != 1013 else 1]
        case 4401 | 4419:
            return ["fresh", None]
        case 4408:
            return ["resume", None]
        case 1000 | 1002 | 1003 | 1007 | 1008 | 1009:
            return None
        case _ if 4400 <= code < 4500:
            return None
    return ["resume", None]
