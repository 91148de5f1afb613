"""Numbers as people read them: as many digits as say something, and no power of ten."""


def digits(value: float) -> str:
    """Three digits that say something: 0.834, 12.5, 31.6; 443,000 bytes are 443,000."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 0.001:
        return f"{value:.3g}"
    return f"{value:.6f}".rstrip("0").rstrip(".")
