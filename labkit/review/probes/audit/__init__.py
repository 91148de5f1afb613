"""Are events recorded outside delivery?"""
