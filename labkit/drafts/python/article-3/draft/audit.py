import json
import os
import time
import uuid


class AuditLog:
    """Append-only file of JSON lines, independent of any delivery."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8")

    def append(self, event, **fields):
        entry = {"id": str(uuid.uuid4()), "at": int(time.time() * 1000), "event": event, **fields}
        self.file.write(json.dumps(entry) + "\n")
        self.file.flush()
        os.fsync(self.file.fileno())
        return entry
