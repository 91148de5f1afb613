"""Verified grades: a pass counts when the instructor's machine has judged the same answer, with a seed of its own.

submission   sends a passed answer from the student's machine, as pieces of text in the answers room
claims       the passes in a class file, each with its answer if one was sent
verifying    judges each claim again and stores a verdict
verdicts     the verdicts in a class file
alike        finds different students' answers that are the same program
"""
