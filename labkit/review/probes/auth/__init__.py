"""Can a client do anything before auth, or with the wrong credential?"""
