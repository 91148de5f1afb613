"""Does it do what the close code says?"""
