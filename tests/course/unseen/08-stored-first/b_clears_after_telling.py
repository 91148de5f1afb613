# wrong
# The list is emptied after telling, so an event that is published while telling is lost.
class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        events = list(self.waiting)
        if not events:
            return []
        try:
            self.store(events)
        except OSError:
            self.waiting.clear()
            return events
        for event in events:
            self.tell(event)
        self.waiting.clear()
        return []
