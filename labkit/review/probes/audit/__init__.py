"""Is what happened on record, outside delivery?"""
