# wrong
# store is called once for each event and not once for all.



class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.waiting = []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events, self.waiting = self.waiting, []
        refused, stored = [], []
        for event in events:
            try:
                self.store([event])
                stored.append(event)
            except OSError:
                refused.append(event)
        for event in stored:
            self.tell(event)
        return refused
