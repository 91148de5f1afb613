"""Help: what a student asks and shows, and what the instructor answers.

consent    the student's side: a case (classroom.cases) is shown, then agreed to, then sent
showing    sends what was agreed to
news       what has reached this machine from the instructor: announcements, notes and hints
listening  receives it, and keeps it in `news`
in_kernel  shows it in a notebook
notes      the notes and hints in a class file, each for one student
answering  what the instructor does about a hand: the case, a note, the next hint
desk       the routes of a running class, and the nudge that a note is there
"""
