"""Numbers for people: three significant digits and no exponent."""


def digits(value: float) -> str:
    """Format a number: 0.834, 12.5, 31.6; from 100 on as an integer with separators, such as 443,000."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 0.001:
        return f"{value:.3g}"
    return f"{value:.6f}".rstrip("0").rstrip(".")
