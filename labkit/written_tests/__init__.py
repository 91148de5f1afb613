"""Write a runnable test for each finding of a review: red against the reviewed server, green against ours.

`expecting` finds out what the test must expect, `python` and `node` write it down, `folder` puts it into files.
"""
