"""The reconnecting client.

client          the public interface
reconnect_loop  when to reconnect, and with which credential
link            one connection
dispatcher      handles each message of the server
requests        the unanswered requests
publisher       publishing, and the unconfirmed messages (unsent)
room, inbox     one room, and its unread events
state           the states, the journal and the errors
"""
