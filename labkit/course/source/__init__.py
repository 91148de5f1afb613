"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

    answer       from an object in a kernel, or a file, to its source
    text         from bytes to text: encodings, and lines as Python counts them
    ipython      from a cell in IPython's syntax to Python: magics, `!` and `?`
    statement    what one top-level statement binds, changes and uses (see scopes, calls, reader)
    objects      which names may share objects, and what code may do to these
    effects      what builtins and library functions do to what they are given
    dependence   which statements the answer needs
    slicing      the program of these statements, in their order

An answer goes to its process as source, never pickled. A file is used whole. From cells come these statements:

* those that bind a name that the answer needs, and those that could change an object that it needs. What is not known
  could: an unlisted library function given the object, an unknown method of it, a text that `exec` runs.
* What only reads stays behind, as `print`, plots, and library functions listed as readers do. Reading changes an
  object only if that uses it up (an iterator, a file, a queue), or runs a method of the learner's that has an effect.
* What tries the answer out stays behind: a statement that uses the answer or something made with it. It is taken only
  for what its own text changes, and for functions that keep the answer without calling it.
* A statement that is taken but cannot run in the answer's process, such as one with `await`, gives NoSource with its
  text, and so no verdict. Mere guesses, that a library object holds what it was given, are no reason for that.

Not followed: what a thread or another process changes later, `sys.stdout` replaced by an object, and objects found by
searching memory.
"""

from labkit.course.source.answer import Answer, of_file, of_object
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

__all__ = ["Answer", "NoSource", "needed", "of_file", "of_object"]
