"""What the page asks and says: the index of the clips together with what people decided, as JSON values."""

import re
import threading
import time
from pathlib import Path

from pipeline import decisions
from pipeline.decision import OF_CLIPS, OF_CUTS, OF_VOICES, TIMES, Decision
from pipeline.errors import ConfigError
from pipeline.places import Latest
from review import agreement, voices
from review.index import QUEUES, Index

SAMPLED = re.compile(r"sample(: .*)?")  # the value of a verdict of the blind sample, with the reason where it is wrong
MINUTE = 60.0
SHOWN_VOICES = 500


class Desk:
    """The work folder's clips and voices, and the folder of decisions."""

    def __init__(self, work: Path, folder: Path):
        self.work, self.folder, self.index = work, folder, Index(work)
        self._lock = threading.Lock()
        self._table = voices.table(work)
        self._known = voices.taken_up(work)
        self._inside: dict[str, dict[int, float]] = {}
        lines, self.faults = decisions.read(folder)
        self.lines = lines
        self.index.note(decisions.active(lines))

    def refresh(self) -> None:
        """Take in what other programs wrote to the folder."""
        lines, self.faults = decisions.read(self.folder)
        before = {line.id: line for line in decisions.active(self.lines)}
        now = {line.id: line for line in decisions.active(lines)}
        self.index.note((line for name, line in before.items() if name not in now), holds=False)
        self.index.note(line for name, line in now.items() if name not in before)
        self.lines = lines

    def _asked(self) -> dict[str, Decision]:
        """voice -> the latest decision about it that the work folder has not taken up."""
        latest: dict[str, Decision] = {}
        for line in decisions.active(self.lines):
            if line.kind in OF_VOICES and line.id not in self._known:
                if line.id not in self._inside:
                    self._inside[line.id] = self.index.inside(line.places)
                for voice, seconds in self._inside[line.id].items():
                    if seconds >= voices.SETTLED * self.index.seconds(voice):
                        latest[f"v{voice:04d}"] = line
        return latest

    def voices(self) -> dict:
        """All voices in the order in which to ask, with their typical clips, and what was settled so far."""
        with self._lock:
            self.refresh()
            asked = self._asked()
            rows = []
            for row in self._table:
                said = voices.said(asked.get(row["voice"]))
                if not said and self.index.told_share(int(row["voice"][1:])) >= voices.SETTLED:
                    said = "as decided before the last run"
                rows.append(row | {"worth_seconds": voices.worth(row), "decided": said})
        pending = [row for row in rows if row["voice"] in asked]
        rows.sort(key=lambda row: (row["decided"] != "", -row["worth_seconds"], row["voice"]))
        speakers = {row["target"] for row in rows} | {line.value for line in asked.values() if line.value}
        return {
            "voices": [row | {"typical": row["typical"].split()} for row in rows[:SHOWN_VOICES]],
            "more": max(len(rows) - SHOWN_VOICES, 0),
            "settled": {"decisions": len(pending), "seconds": sum(row["worth_seconds"] for row in pending)},
            "left": {
                "voices": len(rows) - len(pending),
                "seconds": sum(r["worth_seconds"] for r in rows if not r["decided"]),
            },
            "speakers": sorted(speakers - {""}),
        }

    def decide(self, asked: dict) -> Decision:
        """Write a decision of the page. Raises ConfigError where it makes no sense."""
        who, kind, about, of = (str(asked.get(name, "")) for name in ("who", "kind", "about", "of"))
        value, times, name = str(asked.get("value", "")), asked.get("times", []), str(asked.get("name", ""))
        if not isinstance(times, list) or not all(isinstance(time, int | float) for time in times):
            raise ConfigError("review: times are numbers.")
        if about == "voice" and kind in OF_VOICES:
            places = self.index.places(int(of[1:]) if of[1:].isdigit() else -1)
            if not places:
                raise ConfigError(f"review: there is no voice '{of}'.")
            heard = str(asked.get("heard") or "")
            if heard and (self.index.clip(heard) or {}).get("voice") != of:
                raise ConfigError(f"review: {of} is another voice since the last run: hear it again.")
        elif about == "clip" and kind in (*OF_CLIPS, *OF_CUTS) and (clip := self.index.clip(of)):
            spans = [(clip["start"], clip["end"])]
            if kind == "join":
                after = [row for row in self.index.neighbours(clip) if row["start"] > clip["start"]]
                if not after:
                    raise ConfigError(f"review: {of} is the last clip of its recording.")
                spans.append((after[0]["start"], after[0]["end"]))
            if len(times) != TIMES.get(kind, 0):
                raise ConfigError(f"review: {kind} with {len(times)} times.")
            places = {clip["sha256"]: spans}
        else:
            raise ConfigError(f"review: nothing is known of {kind} on '{of}'.")
        with self._lock:
            made = decisions.add(self.folder, who, kind, places, value, times, name)
            self.refresh()
        return made

    def tone(self, clip: dict) -> dict:
        """A clip's tone, as the last who said so or the last run has it, and all tones that are known."""
        said = [line for line in decisions.active(self.lines) if line.kind == "tone"]
        latest = Latest(said).of(clip)
        known = self.index.tones | {line.value for line in said}
        return {"tone": latest.value if latest else self.index.tone(clip["id"]), "tones": sorted(known)}

    def undo(self, asked: dict) -> dict | None:
        """Take back a person's latest decision; what it was about, so that it can be shown again."""
        with self._lock:
            taken = decisions.undo(self.folder, str(asked.get("who", "")), str(asked.get("name", "")))
            self.refresh()
        if taken is None:
            return None
        told = {"kind": taken.kind, "value": taken.value, "times": taken.times}
        if taken.kind in OF_VOICES:
            inside = self.index.inside(taken.places)
            return told | {"voice": f"v{max(inside, key=inside.get):04d}" if inside else ""}
        clip = self.index.at(*taken.place) if taken.places else None
        return told | {"clip": clip}

    def clips(self, queue: str, skip: int) -> dict:
        """A page of a queue, with how many are left."""
        with self._lock:
            self.refresh()
            rows = self.index.queue(queue, skip) if queue in QUEUES else self.index.of_voice(int(queue[1:]), skip)
            return {"clips": rows, "left": self.index.counts()}

    def progress(self) -> dict:
        """Who decided what, how much is left, how far people agree, how pure the blind sample is."""
        with self._lock:
            self.refresh()
            left = self.index.counts()
        holding = decisions.active(self.lines)
        people: dict[str, dict] = {}
        for line in holding:
            person = people.setdefault(line.who, {"who": line.who, "kinds": {}, "times": []})
            person["kinds"][line.kind] = person["kinds"].get(line.kind, 0) + 1
            person["times"].append(_seconds(line.when))
        told = [
            {"who": person["who"], "kinds": person["kinds"], "per_minute": pace(person["times"])}
            for person in people.values()
        ]
        pairs = [
            {"people": names, "heard": len(answers), "kappa": agreement.kappa(answers)}
            for names, answers in agreement.together(holding).items()
        ]
        verdicts = [line for line in holding if line.kind in ("keep", "drop") and SAMPLED.fullmatch(line.value)]
        right = sum(line.kind == "keep" for line in verdicts)
        low, high = agreement.wilson(right, len(verdicts))
        sample = {"heard": len(verdicts), "right": right, "low": low, "high": high}
        return {"people": told, "pairs": pairs, "sample": sample, "left": left, "faults": self.faults}


def _seconds(when: str) -> float:
    return time.mktime(time.strptime(when[:19], "%Y-%m-%dT%H:%M:%S"))


def pace(times: list[float]) -> float | None:
    """Decisions per minute of work: gaps of more than a minute are breaks. None with fewer than two."""
    gaps = [after - before for before, after in zip(sorted(times), sorted(times)[1:], strict=False)]
    worked = [gap for gap in gaps if gap <= MINUTE]
    return round(MINUTE * len(worked) / max(sum(worked), 1.0), 1) if worked else None
