"""Four ways to bring an update to a screen, measured side by side, and which of them fits a need."""
