"""Inline SVG: shapes only, stretched to the width that the page has; text stands beside it as HTML.

Everything that is put in comes through Markup.format, which escapes it.
"""

from collections.abc import Iterable

from markupsafe import Markup


def picture(width: float, height: float, title: str, body: Markup, kind: str = "chart") -> Markup:
    """A picture of `width` x `height` units with a title, which browsers show and screen readers say."""
    return Markup(
        '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(kind, digits(width), digits(height), title, body)


def rectangle(kind: str, x: float, y: float, width: float, height: float, title: str | None = None) -> Markup:
    """A rectangle of the class `kind`; a title is shown where it is pointed at."""
    says = Markup("<title>{}</title>").format(title) if title is not None else ""
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}">{}</rect>').format(
        kind, digits(x), digits(y), digits(width), digits(height), says
    )


def circle(kind: str, x: float, y: float, radius: float, title: str) -> Markup:
    """A circle of the class `kind`; its title is shown where it is pointed at."""
    return Markup('<circle class="{}" cx="{}" cy="{}" r="{}"><title>{}</title></circle>').format(
        kind, digits(x), digits(y), digits(radius), title
    )


def path(kind: str, data: str) -> Markup:
    """A path of the class `kind`, or nothing where it is empty."""
    return Markup('<path class="{}" d="{}"/>').format(kind, data) if data else Markup()


def line(points: Iterable[tuple[float, float]]) -> str:
    """Path data of a line through points."""
    return "M" + "L".join(f"{digits(x)} {digits(y)}" for x, y in points)


def join(parts: Iterable[Markup]) -> Markup:
    """Parts one after another."""
    return Markup("").join(parts)


def digits(value: float) -> str:
    """A coordinate, to a hundredth, without zeros that say nothing."""
    return f"{round(float(value), 2):g}"
