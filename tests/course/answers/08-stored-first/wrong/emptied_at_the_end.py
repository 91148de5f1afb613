# misconception: published-meanwhile-is-lost
# caught by: meanwhile
class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        batch = list(self.waiting)
        if not batch:
            return []
        try:
            self.store(batch)
        except OSError:
            self.waiting = []
            return batch
        for event in batch:
            self.tell(event)
        self.waiting = []
        return []
