# wrong
# Each event is stored with a call of its own, so there is no group commit.
class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events, self.waiting = self.waiting, []
        try:
            for event in events:
                self.store([event])
        except OSError:
            return events
        for event in events:
            self.tell(event)
        return []
