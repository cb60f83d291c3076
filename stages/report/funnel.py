"""The way of the seconds from input to corpus, and why the others were lost."""

from markupsafe import Markup

from pipeline.tables import legible
from stages.report import svg, words

EXAMPLES = 200  # reasons whose first message is held; a run has a dozen


class Messages:
    """Collects the first message of every reason."""

    def __init__(self):
        self.of: dict[tuple[str, str], str] = {}

    def add(self, row: dict) -> None:
        reason = row["stage"], row["reason"]
        if reason not in self.of and len(self.of) < EXAMPLES:
            self.of[reason] = row["message"]


def losses(statistics: dict) -> list[dict]:
    """{"stage", "reason", "count", "seconds"} of every loss, in the order of the stages, the largest of each first."""
    lost = []
    for stage, reasons in statistics["stages"].items():
        for reason, tally in sorted(reasons.items(), key=lambda pair: (-pair[1]["seconds"], pair[0])):
            lost.append({"stage": stage, "reason": reason, "count": tally["count"], "seconds": tally["seconds"]})
    return lost


def bar(kind: str, left: float, width: float, title: str) -> Markup:
    """A bar from `left`, as shares of the whole width."""
    return svg.picture(1000, 10, title, svg.rectangle(kind, 1000 * left, 0, max(1000 * width, 1), 10), "bar-row")


def steps(statistics: dict) -> list[dict]:
    """The rows of the funnel: name, kind ("input", "loss", "kept"), svg, seconds and share in words.

    A loss stands where what is left ends, so that the bars lead down from the input to the corpus.
    """
    total = statistics["input"]["seconds"]

    def step(kind: str, name: str, left: float, seconds: float) -> dict:
        whole = total or 1.0
        return {
            "kind": kind,
            "name": name,
            "svg": bar(kind, left / whole, seconds / whole, f"{name}: {words.span(seconds)}"),
            "seconds": ("−" if kind == "loss" else "") + words.span(seconds),
            "share": words.share(seconds, total),
        }

    rows, left = [step("input", "Input", 0.0, total)], total
    for loss in losses(statistics):
        left -= loss["seconds"]
        rows.append(step("loss", f"{loss['stage']}: {loss['reason']}", left, loss["seconds"]))
    return [*rows, step("kept", "Corpus", 0.0, statistics["kept"]["seconds"])]


def table(statistics: dict, messages: dict[tuple[str, str], str]) -> list[dict]:
    """The rows of the table of rejects, the largest loss first, each with a message as an example."""
    total = statistics["input"]["seconds"]
    ranked = sorted(losses(statistics), key=lambda loss: -loss["seconds"])
    return [
        loss
        | {
            "count": f"{loss['count']:,}",
            "seconds": words.span(loss["seconds"]),
            "share": words.share(loss["seconds"], total),
            "message": messages.get((loss["stage"], loss["reason"]), ""),
        }
        for loss in ranked
    ]


def speakers(statistics: dict) -> list[dict]:
    """The rows of the table of speakers, the most present first: name, svg, clips, seconds, share of the corpus."""
    kept = statistics["kept"]["seconds"]
    ranked = sorted(statistics["speakers"].items(), key=lambda pair: (-pair[1]["seconds"], pair[0]))
    return [
        {
            "name": legible(name),
            "svg": bar("kept", 0, tally["seconds"] / (kept or 1.0), f"{legible(name)}: {words.span(tally['seconds'])}"),
            "clips": f"{tally['count']:,}",
            "seconds": words.span(tally["seconds"]),
            "share": words.share(tally["seconds"], kept),
        }
        for name, tally in ranked
    ]
