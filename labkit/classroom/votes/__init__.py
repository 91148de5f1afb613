"""The room votes: a question with options, one vote per student and round, and a count that names nobody.

question    a question and its options; a prediction of a lesson has a key that is the same on every machine
lessons     the predictions of the course's notebooks: a student's machine can open these, and no others
box         the questions and ballots in a class file: counted exactly once, and by default without a name
office      over HTTP and in the votes room: what a student may see, and what the instructor may see
outbox      the student's side: the votes of this working copy, and what the class answered, in two files
casting     sends the votes of the outbox, each until the class has answered
voting      what a student calls: classroom.vote, and what a Prediction calls
"""
