"""Does the server survive clients that violate RFC 6455?"""
