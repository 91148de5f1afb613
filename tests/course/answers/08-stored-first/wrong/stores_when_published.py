# misconception: one-commit-an-event
# caught by: one-commit
class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.store([event])
        self.waiting.append(event)

    def commit(self):
        batch, self.waiting = self.waiting, []
        if not batch:
            return []
        for event in batch:
            self.tell(event)
        return []
