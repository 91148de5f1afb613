"""Why a connection ended: the records of both ends, merged in time, and the cause."""
