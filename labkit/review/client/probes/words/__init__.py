"""Are messages lost or sent twice?"""
