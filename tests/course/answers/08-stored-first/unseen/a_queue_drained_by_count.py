from collections import deque


class Desk:
    def __init__(self, store, tell):
        self.store, self.tell = store, tell
        self.queue = deque()

    def publish(self, event):
        self.queue.append(event)

    def _drain(self):
        return [self.queue.popleft() for _ in range(len(self.queue))]

    def _stored(self, events):
        try:
            self.store(events)
            return True
        except OSError:
            return False

    def commit(self):
        events = self._drain()
        if events and not self._stored(events.copy()):
            return events
        for event in events:
            self.tell(event)
        return []
