"""The course: its exercises, how an answer to one is judged, and what a learner has done so far."""
