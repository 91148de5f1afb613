"""The source of an answer: what a cell, a file or a notebook defines, as one program that runs by itself.

    answer       from an object in a kernel, or a file, to its source
    text         from bytes to text: encodings, and lines as Python counts them
    ipython      from a cell in IPython's syntax to Python: magics, `!` and `?`
    statement    what one top-level statement binds, changes and uses
    nearby       which statements share a name with what the answer needs
    dependence   which statements the answer needs
    slicing      the program of these statements, in their order

An answer is sent to its process as source, never pickled. A file is used as a whole. From cells, these top-level
statements are used:

* those that define or change a name that the answer needs;
* those that share a name with it, directly or through other statements, because they may change an object that it
  needs. If one of them fails, the program continues, as a notebook does.

Statements that use the answer try it out. They are used only if their own text changes what the answer needs, or if
they hand the answer to a function that does not call it, such as `register(answer)`. A statement that is needed but
cannot run in the answer's process raises NoSource. Not followed: what a thread or another process changes later.
"""

from labkit.course.source.answer import Answer, of_file, of_object
from labkit.course.source.slicing import needed
from labkit.course.source.text import NoSource

__all__ = ["Answer", "NoSource", "needed", "of_file", "of_object"]
