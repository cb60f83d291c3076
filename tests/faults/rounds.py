"""A round: faults drawn by a seed strike a first run or a changed one, and the plain command ends in the same corpus.

VOXSIEVE_FAULTS=0:200 python -m pytest tests/faults      all rounds (hours)
"""

import random

from tests.dag.runs import contents
from tests.faults.faults import FAULTS, UNSEEN, check_words
from tests.faults.places import VARIANTS, Place


def play(place: Place, seed: int) -> list[str]:
    """Play the round of a seed; what happened, in words. Raises AssertionError where the corpus is another one."""
    chance = random.Random(seed)
    variant = chance.choice(list(VARIANTS))
    wanted = place.wanted(variant)
    if chance.random() < 0.4:
        place.clear()
        story = [f"first run, {variant}"]
    else:
        place.restore("plain")
        story = [f"changed from plain to {variant}"]
    undo, unseen = [], False
    for name in chance.choices(list(FAULTS), k=chance.randint(1, 3)):
        said, back = FAULTS[name](place, chance, variant)
        story.append(f"{name}: {said}")
        undo.append(back)
        unseen |= name in UNSEEN
        print(story[-1], flush=True)
    if unseen and (place.work / "select").is_dir():
        check_words(place.verify())
    status, said = place.run(variant)
    check_words(said)
    if status:
        (sentence,) = {line for line in said.splitlines() if line.startswith("error: ")}
        story.append(f"refused: {sentence}")
        for back in reversed(undo):
            back()
        status, said = place.run(variant)
        check_words(said)
    assert status == 0, "\n".join([*story, said[-6000:]])
    here = contents(place.corpus)
    different = sorted(name for name in wanted.keys() | here.keys() if wanted.get(name) != here.get(name))
    assert not different, "\n".join([*story, f"other than undisturbed: {different}"])
    assert "Every file is as it was written" in (said := place.verify()), "\n".join([*story, said])
    assert not list(place.disk.rglob("*.partial*")), "\n".join([*story, "something unfinished is left"])
    return story
