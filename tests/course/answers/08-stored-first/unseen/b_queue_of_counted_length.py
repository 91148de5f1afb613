from queue import SimpleQueue


class Desk:
    def __init__(self, store, tell):
        self._store, self._tell, self._queue = store, tell, SimpleQueue()

    def publish(self, event):
        self._queue.put(event)

    def commit(self):
        batch = [self._queue.get() for _ in range(self._queue.qsize())]
        if batch:
            try:
                self._store(batch.copy())
            except OSError:
                return batch
            else:
                for event in batch:
                    self._tell(event)
        return []
