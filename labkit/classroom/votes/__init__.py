"""Class votes: a question with options, one vote per student and round, and anonymous counts.

question    a question and its options; a prediction of a lesson has a key that is the same on every machine
lessons     the predictions in the course's notebooks, the only questions that a student's machine can open
box         the questions and ballots in a class file: counted exactly once, and anonymous by default
office      serves votes over HTTP and in the votes room, for students and for the instructor
outbox      the student's side: the votes of this working copy, and the class's answers, in two files
casting     sends the votes in the outbox, and repeats each until the class has answered
voting      the functions behind classroom.vote and Prediction
"""
