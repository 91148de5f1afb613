"""Does the server survive peers that break the rules of RFC 6455?"""
