"""Two servers as a first draft, in Node and in Python, and the patches that take one finding of the review each.

`rungs` reads them, `folder` writes them down, `walking` reviews every step and runs the written tests of each finding.
"""
