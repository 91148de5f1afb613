# misconception: refused-yet-stored-later
# caught by: not-later
class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        batch = self.waiting
        if not batch:
            return []
        try:
            self.store(batch)
        except OSError:
            return batch
        self.waiting = []
        for event in batch:
            self.tell(event)
        return []
