"""Colours between two, and the ink that can be read on them."""

from analysis.figures.draw import LOSS_TO_GAIN, WHITE

ON_LIGHT, ON_DARK = "#000000", WHITE
Rgb = tuple[float, float, float]  # from 0 to 1


def rgb(colour: str) -> Rgb:
    """The parts of a colour as #rrggbb."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def luminance(colour: Rgb) -> float:
    """The relative luminance of WCAG 2."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Rgb, other: Rgb) -> float:
    """The contrast of WCAG 2 between two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ramp(share: float) -> Rgb:
    """The colour of a gain, from -1 (the largest loss) to 1."""
    stops = [rgb(colour) for colour in LOSS_TO_GAIN]
    at = (min(1.0, max(-1.0, share)) + 1) / 2 * (len(stops) - 1)
    left = min(int(at), len(stops) - 2)
    red, green, blue = ((1 - (at - left)) * a + (at - left) * b for a, b in zip(stops[left], stops[left + 1], strict=True))
    return red, green, blue


def ink_on(colour: Rgb) -> str:
    """Black or white: whichever can be read better on a colour. The contrast is at least 4.5."""
    return max((ON_LIGHT, ON_DARK), key=lambda ink: contrast(rgb(ink), colour))
