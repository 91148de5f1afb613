"""How does the client come in?"""
