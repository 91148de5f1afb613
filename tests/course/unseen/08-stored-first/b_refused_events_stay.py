# wrong
# After a refusal the events wait on for the next commit, although their senders may say them again.
class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events = self.waiting[:]
        if not events:
            return []
        try:
            self.store(events)
        except OSError:
            return events
        self.waiting = []
        for event in events:
            self.tell(event)
        return []
