"""Text and numbers for people: read from their files, matched with what they meant, shown on their terminal."""
