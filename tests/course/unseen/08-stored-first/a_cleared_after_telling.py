# wrong
# The list is cleared after telling, so what was published while telling is lost (or told unstored).



class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.events = []

    def publish(self, event):
        self.events.append(event)

    def commit(self):
        if not self.events:
            return []
        batch = list(self.events)
        try:
            self.store(batch)
        except OSError:
            self.events = []
            return batch
        for event in batch:
            self.tell(event)
        self.events = []
        return []
