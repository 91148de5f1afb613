"""A class's pack: one file with everything needed to install the course without internet.

targets    the systems and versions of Python that a pack may be for
making     resolve, download and write a pack
reading    open a pack and send its files
offering   the routes under /setup that offer it
install    the program that a learner runs; standard library only, and not imported here
"""
