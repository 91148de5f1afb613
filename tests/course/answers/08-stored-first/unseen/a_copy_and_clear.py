class Desk:
    def __init__(self, store, tell):
        self._store, self._tell, self._inbox = store, tell, []

    def publish(self, event):
        self._inbox += [event]

    def commit(self):
        batch = tuple(self._inbox)
        self._inbox.clear()
        if batch:
            try:
                self._store(list(batch))
            except OSError:
                return list(batch)
            else:
                for event in batch:
                    self._tell(event)
        return []
