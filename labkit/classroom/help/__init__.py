"""Help: what a student asks and shows, and what the instructor answers.

news       what has reached this machine from the instructor: announcements, notes and hints
listening  receives it, and keeps it in `news`
notes      the notes and hints in a class file, each for one student
desk       the routes of a running class, and the nudge that a note is there
"""
