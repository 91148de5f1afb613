"""Does the client react to each close code as the protocol requires?"""
