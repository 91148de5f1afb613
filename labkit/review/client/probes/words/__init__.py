"""Does the client lose messages, or send them twice?"""
