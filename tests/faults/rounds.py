"""A round: faults drawn by a seed strike a first run or a changed one, and the plain command ends in the same corpus.

python -m tests.faults.rounds 0 200      the rounds of the seeds 0 to 199
"""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.conftest import write_talk
from tests.dag.runs import contents
from tests.faults.faults import FAULTS, RUNNING, UNSEEN, check_words, sentences
from tests.faults.places import VARIANTS, Place


def play(place: Place, seed: int) -> list[str]:
    """Play the round of a seed; what happened, in words. Raises AssertionError where the corpus is another one."""
    chance = random.Random(seed)
    variant = chance.choice(list(VARIANTS))
    first_run = chance.random() < 0.4
    if first_run:
        wanted = place.wanted(variant)
        place.clear()
        story = [f"first run, {variant}"]
    else:
        wanted = place.wanted("plain", variant)
        place.restore("plain")
        story = [f"changed from plain to {variant}"]
    undo, unseen = [], False
    names = chance.choices(list(FAULTS), k=chance.randint(1, 3))
    if first_run and names[0] not in RUNNING:  # there is no file to strike yet
        names[0] = chance.choice(RUNNING)
    for name in names:
        said, back = FAULTS[name](place, chance, variant)
        story.append(f"{name}: {said}")
        undo.append(back)
        unseen |= name in UNSEEN
    if unseen and place.work.is_dir():
        check_words(place.verify())
    status, said = place.run(variant)
    check_words(said)
    if status:
        assert sentences(said), "\n".join([*story, "no sentence", said[-6000:]])
        story += [f"refused: {sentence}" for sentence in sorted(sentences(said))]
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("first", type=int, help="first seed")
    parser.add_argument("stop", type=int, help="the seed after the last")
    parser.add_argument("--folder", type=Path, help="where undisturbed runs are kept for the next rounds")
    args = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as name:
        write_talk(Path(name, "talk.wav"))
        place = Place(args.folder.absolute() if args.folder else Path(name), Path(name, "talk.wav"))
        try:
            for seed in range(args.first, args.stop):
                try:
                    print(f"{seed}: {'; '.join(play(place, seed))}", flush=True)
                except AssertionError as error:
                    failed.append(seed)
                    print(f"{seed}: FAILED: {error}", flush=True)
        finally:
            place.close()
    print(f"{args.stop - args.first - len(failed)} of {args.stop - args.first} rounds ended in the same corpus")
    if failed:
        sys.exit(f"error: other than undisturbed: the rounds {', '.join(map(str, failed))}")


if __name__ == "__main__":
    main()
