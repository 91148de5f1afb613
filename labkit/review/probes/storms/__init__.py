"""Can reconnects and floods become a storm?"""
