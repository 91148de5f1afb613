"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

    answer       from an object in a kernel, or a file, to its source
    text         from bytes to text: encodings, and lines as Python counts them
    ipython      from a cell in IPython's syntax to Python: magics, `!` and `?`
    statement    what one top-level statement binds, changes and uses
    dependence   which statements the answer needs
    slicing      the program of these statements, in their order

An answer is sent to its process as source, never pickled. A file is used as a whole. From cells, only the top-level
statements that define or change a name needed by the answer are used, not calls that merely try it out. A statement
that is needed but cannot run in the answer's process raises NoSource.
"""

from labkit.course.source.answer import Answer, of_file, of_object
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

__all__ = ["Answer", "NoSource", "needed", "of_file", "of_object"]
