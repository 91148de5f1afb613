"""Does it notice a dead line, and live with a newer server?"""
