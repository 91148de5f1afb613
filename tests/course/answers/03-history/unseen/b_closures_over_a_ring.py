from itertools import count


class Room:
    def __init__(self, epoch, keeps):
        numbers, ring, state = count(1), [None] * keeps, {"last": 0}

        def publish(text):
            seq = state["last"] = next(numbers)
            if keeps:
                ring[seq % keeps] = (seq, text)
            return seq

        def since(asked, seq):
            missed = state["last"] - seq
            known = min(keeps, state["last"])
            match asked == epoch, 0 <= missed <= known:
                case True, True:
                    return [ring[n % keeps] for n in range(seq + 1, state["last"] + 1)], False
            return [], True

        self.publish, self.since = publish, since
