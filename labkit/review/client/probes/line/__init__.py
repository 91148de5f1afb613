"""Does the client notice a dead connection, and tolerate a newer server?"""
