# wrong
# With nothing waiting store is called all the same, with an empty list.
class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events, self.waiting = self.waiting, []
        try:
            self.store(events)
        except OSError:
            return events
        for event in events:
            self.tell(event)
        return []
