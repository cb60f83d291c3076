"""A script in the place of a person: asked about voices and clips, it answers as a known timeline has it."""

from pathlib import Path

import numpy as np

from benchmarks.purity import Judged
from evaluation import timeline
from pipeline import arrays
from pipeline.decision import Decision
from review import beside, voices
from stages.speaker import choice, present, threshold


class Asked:
    """A corpus whose voices a script decides on, for one or several targets."""

    def __init__(self, judged: Judged, sha256: dict[str, str], names: list[str], vectors: np.ndarray, folder: Path):
        self.judged, self.stem_of, self.names = judged, {sha: stem for stem, sha in sha256.items()}, names
        self.found = judged.clusters, judged.voice
        self.references = folder / "references.npz"
        arrays.save(self.references, names=np.array(names), vectors=vectors, doubts=np.array([""] * len(names)))

    def truth(self, clip: int) -> str:
        """Who speaks most in a clip."""
        clips = self.judged.clips
        speaker = self.judged.truths[self.stem_of[clips.sha256[clips.recording[clip]]]].speaker
        heard = speaker[timeline.frame(clips.start[clip]) : timeline.frame(clips.end[clip])]
        names, counts = np.unique(heard[heard != ""], return_counts=True)
        return str(names[np.argmax(counts)]) if len(names) else ""

    def answer(self, members: np.ndarray, number: int) -> Decision:
        """The script's decision on a voice, whose clips are `members`, after hearing its typical ones."""
        clips = self.judged.clips
        places: dict[str, list] = {}
        for clip in members:
            places.setdefault(clips.sha256[clips.recording[clip]], []).append((clips.start[clip], clips.end[clip]))
        heard = {self.truth(clip) for clip in present.to_hear(clips, members)}
        mixed = len(heard) > 1 and len(members) > 1 and heard & set(self.names)
        said = next(iter(heard & set(self.names)), "")
        fields = {"kind": "two"} if mixed else {"kind": "voice", "value": said}
        when = f"2026-01-01T00:00:00.{number:06d}Z"
        return Decision.model_validate(
            {"id": f"{number:032x}", "who": "truth", "when": when, "places": places} | fields
        )

    def run(self, count: int, score, dice: np.random.Generator | None, cut_off: dict | None = None) -> list:
        """The scores after 0 to `count` answers: score(clips kept, (clips,) index of target or -1, wider ends).

        cut_off: recording -> speech that was too short for a clip; then the script is also asked whether a kept clip's
        ends are moved over what was cut off beside it. Wider ends are {clip: (start, end)}.
        """
        told: list[Decision] = []
        gains, ends, wider = self.beside(cut_off) if cut_off else ({}, {}, {})
        settled = np.zeros(len(self.judged.clips.row), bool)
        scores = []
        for number in range(count + 1):
            found = choice.choose(self.judged.clips, self.found, self.references, "auto", 0, told)
            kept = np.where(found.answer == threshold.CONFIDENT, found.choice, -1)
            scores.append(score(kept, wider))
            worth = self.worth(found)
            open_ = [voice for voice in range(len(worth)) if not settled[found.voice == voice].all()]
            asked = {clip: gain for clip, gain in gains.items() if kept[clip] >= 0}
            if not dice and asked and max(asked.values()) > max((worth[voice] for voice in open_), default=0.0):
                clip = max(asked, key=asked.__getitem__)
                del gains[clip]
                if self.speaks(clip, ends[clip]) == self.names[kept[clip]]:
                    wider[clip] = ends[clip]
                continue
            if not open_:
                return scores + [scores[-1]] * (count - number)
            voice = open_[dice.integers(len(open_))] if dice else max(open_, key=worth.__getitem__)
            told.append(self.answer(np.flatnonzero(found.voice == voice), number))
            if told[-1].kind == "voice":
                settled |= found.voice == voice
        return scores

    def beside(self, cut_off: dict) -> tuple[dict, dict, dict]:
        """Clip -> seconds of speech that was cut off beside it; clip -> its ends with that; {}."""
        clips, gains, ends = self.judged.clips, {}, {}
        for number, sha256 in enumerate(clips.sha256):
            members = np.flatnonzero(clips.recording == number)
            places = list(zip(clips.start[members], clips.end[members], strict=True))
            speech = cut_off.get(self.stem_of[sha256], [])
            wide = beside.wider(places, speech)
            for clip, there, gain in zip(members, wide, beside.gained(places, wide, speech), strict=True):
                if gain:
                    gains[clip], ends[clip] = gain, there
        return gains, ends, {}

    def speaks(self, clip: int, wide: tuple[float, float]) -> str:
        """Who speaks most in what was cut off beside a clip."""
        clips = self.judged.clips
        speaker = self.judged.truths[self.stem_of[clips.sha256[clips.recording[clip]]]].speaker
        parts = ((wide[0], clips.start[clip]), (clips.end[clip], wide[1]))
        heard = np.concatenate([speaker[timeline.frame(start) : timeline.frame(end)] for start, end in parts])
        names, counts = np.unique(heard[heard != ""], return_counts=True)
        return str(names[np.argmax(counts)]) if len(names) else ""

    def worth(self, found: choice.Choice) -> list[float]:
        """What an answer on each voice would settle, as `review voices` has it."""
        seconds = self.judged.clips.seconds
        columns = {"seconds": found.answer >= 0, "confident_seconds": found.answer == threshold.CONFIDENT}
        columns |= {"uncertain_seconds": found.answer == threshold.UNCERTAIN}
        spoken = {
            name: np.bincount(found.voice[chosen], seconds[chosen], len(found.likeness))
            for name, chosen in columns.items()
        }
        return [
            voices.worth({name: spoken[name][voice] for name in spoken} | {"similarity": likeness})
            for voice, likeness in enumerate(found.likeness)
        ]
