"""The reconnecting client, in parts that each answer one question. Taught in notebooks 03 (rooms) and 07 (storms).

Read in this order: client (what a user holds), life (when to reconnect), link (one connection), state, hearing (what
each message does), saying and unsent (what was said and not yet heard back), asking and questions, room and inbox.
"""
