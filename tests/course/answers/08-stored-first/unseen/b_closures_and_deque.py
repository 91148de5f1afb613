from collections import deque


class Desk:
    def __init__(self, store, tell):
        inbox = deque()

        def stored(batch):
            try:
                store(list(batch))
                return True
            except OSError:
                return False

        def commit():
            batch = tuple(inbox)
            inbox.clear()
            if batch and not stored(batch):
                return list(batch)
            deque(map(tell, batch), maxlen=0)
            return []

        self.publish, self.commit = lambda event: inbox.append(event), commit
