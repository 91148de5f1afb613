"""The reconnecting client, in parts that each answer one question.

client          what a user holds
reconnect_loop  when to connect again, and with which credential
link            one connection
dispatcher      what each message of the server does
requests        who waits for which answer
publisher       what was published and is not confirmed yet (unsent)
room, inbox     one room, and the events that its reader has not taken yet
state           the states, the journal and the errors
"""
