"""Which text a clip gets, and what speaks against it. Pure functions on rows."""

from engines import textmeasures, wording
from engines.textmeasures import MEASURES
from pipeline import metadata
from pipeline.texts import Text
from stages.proofread.language import by_script
from stages.proofread.pace import Pace, rate

PERSON = "person"
NONE = {"text": "", "text_normalized": "", "text_source": "", "text_confidence": None, "language": None}
UNHEARD = dict.fromkeys(MEASURES)


def by_person(text: Text, heard: dict | None, language: str | None) -> dict:
    """The text that a person wrote; nothing speaks against it. `text_heard` is what a machine heard there."""
    heard = heard or NONE
    language = heard["language"] or language or by_script(text.text)
    normalized = text.text_normalized or wording.normalized(text.text, language) or ""
    chosen = {"text": text.text, "text_normalized": normalized, "text_source": PERSON, "text_confidence": None}
    return chosen | {"language": language, "text_heard": heard["text"]} | UNHEARD


def by_machine(candidates: list[dict], language: str | None) -> dict | None:
    """The text of the most trusted source that heard something, with its normalised form."""
    chosen = next((candidate for candidate in candidates if metadata.line(candidate["text"])), None)
    if chosen is None:
        return None
    language = chosen["language"] or language or by_script(chosen["text"])
    text = metadata.line(chosen["text"])
    return {
        "text": text,
        "text_normalized": wording.normalized(text, language) or "",
        "text_source": chosen["source"],
        "text_confidence": confidence(chosen),
        "language": language,
    }


def confidence(candidate: dict) -> float | None:
    """0 to 1: captions' probability, or the mean of a recogniser's words, None where it tells neither."""
    if candidate["confidence"] is not None:
        return candidate["confidence"]
    told = [word[3] for word in candidate["words"] if word[3] is not None]
    return round(sum(told) / len(told), 3) if told else None


def measured(chosen: dict, candidates: list[dict], row: dict, paces: dict[tuple[str, str], Pace]) -> dict:
    """What can be said of a machine's text: MEASURES by name, None where one cannot be measured."""
    own = next(candidate for candidate in candidates if candidate["source"] == chosen["text_source"])
    witnesses = [candidate["text"] for candidate in candidates if candidate is not own]
    spoken = spelled(chosen)
    pairs = [
        textmeasures.disagreement(spoken, wording.normalized(text, chosen["language"]) or text) for text in witnesses
    ]
    disagrees, cut = min(pairs, default=(None, None))
    pace, value = paces.get((row["speaker"], chosen["language"] or "")), rate(spoken, row["duration"])
    values = {
        "text_rate": pace.distance(value) if pace and value is not None else None,
        "text_disagrees": disagrees,
        "text_cut": cut,
        "text_repeats": textmeasures.repeats(spoken),
        "text_compression": textmeasures.compression(spoken),
        "text_uncovered": uncovered(own["words"], row),
        "text_no_speech": own["no_speech"],
        "text_log_probability": own["log_probability"],
    }
    return {
        name: None if values[name] is None else round(float(values[name]), MEASURES[name].digits) for name in MEASURES
    }


def spelled(chosen: dict) -> str:
    """A text as it is spoken: its normalised form where there is one."""
    return chosen["text_normalized"] or chosen["text"]


def uncovered(words: list[list], row: dict) -> float | None:
    """The share of the clip before the first, behind the last, and in gaps of over a second between words."""
    if not words:
        return None
    edges = [0.0, *(edge for word in words for edge in word[1:3]), row["duration"]]
    before, behind = edges[1] - edges[0], edges[-1] - edges[-2]
    between = sum(gap for gap in (b - a for a, b in zip(edges[2:-2:2], edges[3:-1:2], strict=True)) if gap > 1.0)
    return min(max((max(before, 0) + max(behind, 0) + between) / max(row["duration"], 1e-3), 0.0), 1.0)
