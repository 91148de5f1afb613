"""Classes of a learner that run inside the server."""
