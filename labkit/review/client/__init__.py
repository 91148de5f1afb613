"""Review a client: a scripted server tests how it behaves when a server is busy, closes the connection or goes silent.

    report = labkit.review.run_client("python my_client.py")     # or: labkit review --client "python my_client.py"

The client is a command that reads LABKIT_URL, LABKIT_TOKEN and LABKIT_ROOM from its environment
(`{url}`, `{token}` and `{room}` in the command are filled in too), joins the room, stays in it, and sends it each line
of standard input. A POST to LABKIT_TICKET_URL returns a fresh ticket as JSON {ticket, expiresIn}.

Read in this order: starting, connection, reviewed_client, scene, then any file in `probes/`, then client_review.
"""
