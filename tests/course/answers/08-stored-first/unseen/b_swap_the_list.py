class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events, self.waiting = self.waiting, []
        if not events:
            return []
        try:
            self.store(list(events))
        except OSError:
            return events
        for event in events:
            self.tell(event)
        return []
