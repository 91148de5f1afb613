"""Can secrets leak into URLs, logs, reasons or errors?"""
