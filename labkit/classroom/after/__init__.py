"""After the lesson: a page for each student and one for the instructor, as HTML that opens without a server.

Read the modules in this order: facts (what happened, from the class file), pages (HTML), writing (the folder).
"""
