"""Does the client authenticate and join in the right order?"""
