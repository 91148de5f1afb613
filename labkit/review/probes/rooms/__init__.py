"""Can a client send to, or hear from, a room that is not its own?"""
