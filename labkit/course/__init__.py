"""The course: its exercises, how answers are judged, and the learner's progress."""
