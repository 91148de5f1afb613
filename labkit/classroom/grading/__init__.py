"""Verified grades: a pass counts when the instructor's machine has judged the same answer, with a seed of its own.

submission   the answer of a pass, on its way from the student's machine: pieces of text in the answers room
claims       the passes in a class file, each with the answer that came with it, if one did
verifying    judges each claim again and stores a verdict
verdicts     the verdicts in a class file
alike        answers of different students that are the same program
"""
