"""What differs between operating systems, and what they report when something fails."""
