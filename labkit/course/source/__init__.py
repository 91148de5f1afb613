"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

    answer       from an object in a kernel, or a file, to its source
    text         from bytes to text: encodings, and lines as Python counts them
    ipython      from a cell in IPython's syntax to Python: magics, `!` and `?`
    statement    what one top-level statement binds, changes and uses
    dependence   which statements the answer needs
    slicing      the program of these statements, in their order

An answer goes to its process as source, never pickled. A file is used whole. From cells come the top-level statements
that define or change a name that the answer needs; calls that only try the answer out stay behind. A statement that is
needed but cannot run in the answer's process gives NoSource.
"""

from labkit.course.source.answer import Answer, of_file, of_object
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

__all__ = ["Answer", "NoSource", "needed", "of_file", "of_object"]
