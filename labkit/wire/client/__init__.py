"""The reconnecting client.

client          the public interface
reconnect_loop  when to reconnect, and with which credential
link            one connection
dispatcher      handles each message from the server
requests        unanswered requests
publisher       publishes messages; `unsent` keeps those not confirmed yet
room, inbox     one room, and its unread events
state           the client's states, journal and errors
"""
