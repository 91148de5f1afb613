# wrong
# Iterates over the growing list: what is published while telling is told at once, unstored.



class Desk:
    def __init__(self, store, tell):
        self.store = store
        self.tell = tell
        self.pending = []

    def publish(self, event):
        self.pending.append(event)

    def commit(self):
        if not self.pending:
            return []
        try:
            self.store(list(self.pending))
        except OSError:
            refused = self.pending
            self.pending = []
            return refused
        while self.pending:
            self.tell(self.pending.pop(0))
        return []
