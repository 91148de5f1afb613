"""What you do to a running server: launch it, load it, put it through storms."""
