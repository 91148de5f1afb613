"""Are slow consumers let go, without harm to the others?"""
