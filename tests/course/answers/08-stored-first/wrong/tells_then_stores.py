# misconception: told-before-stored
# caught by: stored-first
class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        batch, self.waiting = self.waiting, []
        if not batch:
            return []
        for event in batch:
            self.tell(event)
        try:
            self.store(batch)
        except OSError:
            return batch
        return []
