class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events, self.waiting = self.waiting, []
        if not events:
            return []
        try:
            self.store(events)
        except OSError:
            return events
        for event in events:
            self.tell(event)
        return []
