class Desk:
    def __init__(self, store, tell):
        self.store, self.tell, self.events = store, tell, []

    def _is_stored(self, events):
        try:
            self.store(events)
            return True
        except Exception:
            return False

    def publish(self, event):
        self.events = [*self.events, event]

    def commit(self):
        events = self.events
        self.events = []
        if events and not self._is_stored(events):
            return events
        list(map(self.tell, events))
        return ()
