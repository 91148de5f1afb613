from collections import deque


class Desk:
    def __init__(self, store, tell):
        self._store, self._tell = store, tell
        self._queue = deque()

    def publish(self, event):
        self._queue.append(event)

    def commit(self):
        batch = [self._queue.popleft() for _ in range(len(self._queue))]
        refused = []
        if batch:
            try:
                self._store(tuple(batch))
            except OSError:
                refused, batch = batch, []
        for event in batch:
            self._tell(event)
        return refused
