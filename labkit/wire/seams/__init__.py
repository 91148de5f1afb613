"""Where a class of the learner replaces a part of the running server: see docs/seams.md.

Each module hands the learner's object what that part of the server gets, and reports its faults, so that none of them
ends the server.
"""
