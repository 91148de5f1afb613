# wrong
# The loop runs over the live list, so an event published while telling is told in this tick without being stored.
class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.waiting = store, tell, []

    def publish(self, event):
        self.waiting.append(event)

    def commit(self):
        if not self.waiting:
            return []
        try:
            self.store(list(self.waiting))
        except OSError:
            refused, self.waiting = self.waiting, []
            return refused
        for event in self.waiting:
            self.tell(event)
        self.waiting = []
        return []
