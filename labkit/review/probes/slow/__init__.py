"""Are slow consumers closed without affecting the others?"""
