"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

    answer       from the object in a kernel, or from a file, to its source
    text         bytes to text: encodings, and lines as Python counts them
    ipython      a cell in IPython's syntax to Python: magics, `!` and `?`
    statement    what one statement at the top level binds, changes and uses
    dependence   which statements the answer needs
    slicing      the program of these statements, in their order

An answer goes to its process as source, never as a pickled object. A file is taken whole. From cells come the
statements at the top level that define or change a name that the answer needs; calls of the answer itself are
try-outs and stay behind. A statement that is needed and cannot run in the answer's process gives NoSource.
"""

from labkit.course.source.answer import Answer, of_file, of_object
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

__all__ = ["Answer", "NoSource", "needed", "of_file", "of_object"]
