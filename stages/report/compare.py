"""Two corpora beside each other: for every measure both distributions, and how far one is from the other.

The Kullback-Leibler divergence D(this || other) = sum p ln(p / q), in nats: p is this corpus's share of clips in each
of DIVERGENCE_BINS equal bins over the measure's range, q the other's. Half a clip is added to every bin of both, so
that an empty bin divides nothing by zero (the Krichevsky-Trofimov estimate). It is 0 for equal distributions, has no
upper end, and is not the same the other way round. Source: Kullback and Leibler, On Information and Sufficiency, 1951.
"""

import numpy as np
from markupsafe import Markup

from stages.report import svg, words
from stages.report.histograms import BINS, HEIGHT, Histogram, Measure, Spread, axis, bars, window

DIVERGENCE_BINS = 25
SMOOTHING = 0.5  # clips added to every bin


def divergence(this: Histogram, other: Histogram) -> float:
    """D(this || other) in nats."""
    p, q = (np.reshape(histogram.counts, (DIVERGENCE_BINS, -1)).sum(axis=1) + SMOOTHING for histogram in (this, other))
    p, q = p / p.sum(), q / q.sum()
    return float(np.sum(p * np.log(p / q)))


def verdict(measure: Measure, this: Histogram, other: Histogram) -> str:
    """Which way the median went, and whether that is better; "same" within a bin."""
    change = this.quantile(0.5) - other.quantile(0.5)
    if abs(change) < (measure.high - measure.low) / BINS:
        return "same"
    way = "high" if change > 0 else "low"
    better = {"neither": "", way: ", better"}.get(measure.better, ", worse")
    return f"{'higher' if change > 0 else 'lower'}{better}"


def drawing(measure: Measure, this: Histogram, other: Histogram) -> Markup:
    """Shares of clips: this corpus as bars, the other as an outline."""
    shown = window([this, other])
    ours, theirs = (bars(histogram, shown) / histogram.total for histogram in (this, other))
    scale = HEIGHT / max(ours.max(), theirs.max())
    drawn = [
        svg.rectangle("bar", i + 0.05, HEIGHT - scale * share, 0.9, scale * share)
        for i, share in enumerate(ours)
        if share
    ]
    steps = [(at, HEIGHT - scale * share) for i, share in enumerate(theirs) for at in (i, i + 1)]
    drawn.append(svg.path("outline", svg.line(steps)))
    title = f"{measure.title}: this corpus as bars, the other as an outline"
    return svg.picture(len(ours), HEIGHT, title, svg.join(drawn))


def figures(this: Spread, other: Spread) -> list[dict]:
    """What the page shows of every measure that both corpora have, the farthest apart first."""
    comparisons = []
    for measure in this.known():
        ours, theirs = this.of[measure.name], other.of[measure.name]
        if not theirs.total:
            continue
        comparisons.append(
            {
                "title": measure.title,
                "name": measure.name,
                "unit": measure.unit,
                "svg": drawing(measure, ours, theirs),
                "axis": axis(ours, window([ours, theirs])),
                "medians": [words.number(histogram.quantile(0.5)) for histogram in (ours, theirs)],
                "verdict": verdict(measure, ours, theirs),
                "divergence": divergence(ours, theirs),
            }
        )
    return sorted(comparisons, key=lambda comparison: -comparison["divergence"])
