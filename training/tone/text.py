"""The benchmark's tables as text."""

from collections.abc import Callable, Sequence

from training.tone import measures
from training.tone.benchmark import Row
from training.tone.protocols import Told

Cell = Callable[[Row], str | None]


def number(value: float | None) -> str | None:
    return None if value is None else f"{value:.3f}"


def interval(told: Told | None) -> str | None:
    return "{:.3f}-{:.3f}".format(*told.interval) if told else None


def calibration(told: Told | None) -> str | None:
    return number(measures.reliability(told.confidence, told.true == told.told)[1]) if told else None


COLUMNS: dict[str, Cell] = {
    "clips": lambda row: str(len(row.strangers.true)) if row.strangers else None,
    "UAR": lambda row: number(row.strangers.uar) if row.strangers else None,
    "95 %": lambda row: interval(row.strangers),
    "calibration": lambda row: calibration(row.strangers),
    "random splits": lambda row: number(row.random),
    "training": lambda row: number(row.training),
    "others": lambda row: number(row.others.uar) if row.others else None,
    "95 % of others": lambda row: interval(row.others),
    "fit": lambda row: row.fit,
}


def table(rows: list[Row]) -> str:
    """A line for every row; a column that is empty in all of them is left out."""
    cells = {name: [cell(row) for row in rows] for name, cell in COLUMNS.items()}
    columns = {name: column for name, column in cells.items() if any(column)}
    title = "leave one speaker out" if "UAR" in columns else "checkpoint"
    return grid({title: [row.name for row in rows]} | columns)


def matrix(rows: list[Row]) -> str:
    """Trained on, tested on: the UAR of every row."""
    pairs = list(dict.fromkeys(pair for row in rows for pair in row.pairs))
    columns = {"trained on": [train for train, _ in pairs], "tested on": [test for _, test in pairs]}
    of_rows = {row.name: [number(row.pairs[pair].uar) if pair in row.pairs else None for pair in pairs] for row in rows}
    return grid(columns | of_rows) if pairs else ""


def grid(columns: dict[str, Sequence[str | None]]) -> str:
    """Columns of one length under their names: the first to the left, the others to the right; None is a dash."""
    texts = [[name, *(cell or "-" for cell in column)] for name, column in columns.items()]
    widths = [max(map(len, column)) for column in texts]
    lines = []
    for first, *others in zip(*texts, strict=True):
        cells = [cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *cells]))
    return "\n".join(lines)
