"""Do its reconnects become a storm?"""
