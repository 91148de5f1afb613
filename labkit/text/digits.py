"""Format numbers for people, with three significant digits and no exponent."""


def digits(value: float) -> str:
    """Format a number: 0.834 or 12.5. Numbers from 100 up become integers with separators: 443,000."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 0.001:
        return f"{value:.3g}"
    return f"{value:.6f}".rstrip("0").rstrip(".")
