"""Figures as a person reads them; a no-break space keeps a unit with its figure."""


def number(value: float) -> str:
    """Three digits that count, thousands apart, five decimals at most: 0.00007, 0.0124, 3.14, 512, 12,034, −23."""
    if abs(value) >= 100:
        text = f"{value:,.0f}"
    elif abs(value) >= 1e-4:
        text = f"{value:.3g}"
    else:
        text = f"{value:.5f}".rstrip("0").rstrip(".")
    return text.replace("-", "−")


def span(seconds: float) -> str:
    """A duration: "4.2 s", "6 min 37 s", "12.3 h"."""
    if seconds < 59.95:
        return f"{seconds:.1f}\N{NO-BREAK SPACE}s"
    if seconds < 3599.5:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}\N{NO-BREAK SPACE}min {rest:02d}\N{NO-BREAK SPACE}s"
    return f"{seconds / 3600:,.1f}\N{NO-BREAK SPACE}h"


def clock(seconds: float) -> str:
    """A place in a recording: "4:45", "1:02:03"."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def share(part: float, whole: float) -> str:
    """A share of a whole in per cent; "<0.1 %" where it is little but not nothing."""
    percent = 100 * part / whole if whole else 0.0
    figure = "<0.1" if 0 < percent < 0.05 else f"{percent:.1f}"
    return f"{figure}\N{NO-BREAK SPACE}%"
