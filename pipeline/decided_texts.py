"""Texts that people decided on, together with those that they wrote into a corpus's files.

A decided text is taken up once: from then on it stands in metadata.csv like any other, and may be edited there. Beside
it stands what was taken up, so that an edit, a new decision and one that was undone are told apart.
"""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from pipeline import metadata, tables, texts
from pipeline.decision import Decision
from pipeline.texts import COLUMNS, Text

TAKEN = ".decided_texts.csv"  # in the corpus: the decided texts as it has them


def of(holding: Iterable[Decision]) -> list[Text]:
    """The texts among decisions, the latest of every place, as metadata.csv's are gathered."""
    told: dict[str, list[Text]] = {}
    for line in holding:
        if line.kind == "text":
            text = Text(*line.place, metadata.line(line.value), "")
            apart = [one for one in told.get(text.sha256, []) if not same_place(one, text)]
            told[text.sha256] = [*apart, text]
    return [text for of_recording in told.values() for text in of_recording]


def gather(corpus: Path, holding: Iterable[Decision]) -> list[Text]:
    """All texts that people wrote into a corpus or decided on, those that count last. holding: decisions that hold."""
    return together(texts.gather(corpus), taken(corpus), of(holding))


def digest(corpus: Path, holding: Iterable[Decision]) -> str:
    """A digest of what `gather` gives, the same before and after the corpus is written again."""
    persons = sorted(gather(corpus, holding), key=lambda text: (text.sha256, text.start, text.end))
    said = [(text.sha256, text.text, text.text_normalized) for text in persons]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def together(written: list[Text], taken: list[Text], decided: list[Text]) -> list[Text]:
    """All texts that people wrote and decided, the ones that count last.

    written: as gathered from the corpus; taken: the decided ones that it was given before; decided: those that hold
    now. A text that was edited after it was taken up counts as written; a decision that is new counts more than what
    is written; one that was undone goes. That nothing is said leaves no trace where no machine heard anything: it holds
    until something is written there.
    """
    before, now = _by_words(taken), _by_words(decided)
    stays = [text for text in written if not _among(text, before) or _among(text, now)]
    empty = [text for text in decided if not text.text and not any(same_place(text, one) for one in written)]
    return stays + [text for text in decided if not _among(text, before) or text in empty]


def _by_words(some: Iterable[Text]) -> dict[tuple[str, str], list[Text]]:
    """Texts by recording and words."""
    found: dict[tuple[str, str], list[Text]] = {}
    for text in some:
        found.setdefault((text.sha256, text.text), []).append(text)
    return found


def _among(text: Text, others: dict[tuple[str, str], list[Text]]) -> bool:
    """Whether one of the others says the same at the same place."""
    near = others.get((text.sha256, text.text), ())
    return any(same_place(text, one) for one in near)


def same_place(first: Text, second: Text) -> bool:
    """Whether two texts belong to one place of a recording."""
    spans = (first.start, first.end), (second.start, second.end)
    return first.sha256 == second.sha256 and texts.overlap(*spans) >= texts.SAME_PLACE


def taken(corpus: Path) -> list[Text]:
    """The decided texts that a corpus was given before."""
    path = corpus / TAKEN
    return (
        [Text(*row) for row in tables.read(path, COLUMNS)[list(COLUMNS)].itertuples(index=False)]
        if path.is_file()
        else []
    )


def write_taken(corpus: Path, holding: Iterable[Decision]) -> None:
    """Note in a corpus that it has the texts that people decided on."""
    tables.write(corpus / TAKEN, COLUMNS, [vars(text) for text in of(holding)])
