"""Does the server withstand reconnect storms and floods of messages?"""
