"""Do the reconnects of the client become a storm?"""
