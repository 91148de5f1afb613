"""Can the client's reconnects become a storm?"""
