"""Help: a student's questions and cases, and the instructor's answers.

consent    the student's side: a case (classroom.cases) is shown, approved, then sent
showing    sends approved cases
news       what has reached this machine from the instructor: announcements, notes and hints
listening  receives it, and keeps it in `news`
in_kernel  shows it in a notebook
notes      the notes and hints in a class file, each for one student
answering  the instructor's response to a raised hand: see the case, write a note, send a hint
desk       the routes of a running class, and the notification that there is a note
"""
