"""The client's turn: a scripted server, and how a client behaves when it is put off, closed, or left alone.

    report = labkit.review.run_client("python my_client.py")     # or: labkit review --client "python my_client.py"

What a client must be for that: a command that reads LABKIT_URL, LABKIT_TOKEN and LABKIT_ROOM from its environment
(`{url}`, `{token}` and `{room}` in the command are filled in too), enters the room, stays, and says each line of its
standard input there. A fresh ticket is to be had from POST LABKIT_TICKET_URL, as JSON {ticket, expiresIn}.

Read in this order: starting, visit, subject, scene, then any file in `probes/`, then reviewing.
"""
