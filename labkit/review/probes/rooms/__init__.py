"""Can a client send to, or receive from, a room that it has not joined?"""
