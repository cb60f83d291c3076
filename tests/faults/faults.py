"""The faults that a round chooses from: each does its harm, perhaps during a run, and gives what undoes it."""

import contextlib
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from tests.faults.places import Place

Undo = Callable[[], None]
# A person's own, which are read and never judged: the texts, and what was once assigned to training and test.
PERSONS = {"metadata.csv", ".metadata.csv", "orphaned_texts.csv", "splits.csv"}
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)


def nothing() -> None:
    """Undoes nothing."""


def files(place: Path, but: set[str]) -> list[Path]:
    """The files of the disk that a fault may strike."""
    every = (path for path in sorted(place.rglob("*")) if path.is_file() and path.name not in but | {".lock"})
    return [path for path in every if not {"log", "benchmark", "partial"} & set(path.parts)]


def kept(path: Path) -> Undo:
    """What puts a file back as it is now."""
    data, stamp = path.read_bytes(), path.stat().st_mtime_ns

    def back() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, ns=(stamp, stamp))

    return back


def kill(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """A run that is ended by a signal: Snakemake alone, or with all its jobs."""
    number, everything = chance.choice(SIGNALS), chance.random() < 0.5
    moment = chance.uniform(0, 1.1 * place.seconds)
    run = place.start(variant)
    deadline = time.monotonic() + moment
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    if run.poll() is None:
        os.killpg(run.pid, number) if everything else run.send_signal(number)
        run.wait()
    return f"{number.name} to {'all' if everything else 'Snakemake'} after {moment:.1f} s", nothing


def kill_job(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """A run of which one process, chosen blindly, is killed: a stage, or an ffmpeg."""
    moment = chance.uniform(0.2, 0.9) * place.seconds
    run = place.start(variant)
    deadline = time.monotonic() + moment
    while run.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    victims = [pid for pid in members(run.pid) if pid != run.pid]
    if run.poll() is None and victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(victims), signal.SIGKILL)
    run.wait()
    return f"SIGKILL to one of {len(victims)} jobs after {moment:.1f} s", nothing


def members(group: int) -> list[int]:
    """The processes of a group."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group:
            found.append(int(path.parent.name))
    return sorted(found)


def fill(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """A run on a disk with little room or none; afterwards there is room again."""
    if not place.can_fill:
        return "no disk to fill", nothing
    room = chance.choice([0, 4096, 65536, 300_000, 1_500_000])
    ballast = place.disk / "ballast"
    with open(ballast, "wb") as out:
        out.write(bytes(max(0, place.free_bytes() - room)))
    status, said = place.run(variant)
    ballast.unlink()
    assert status == 0 or "room" in said or "No space left" in said, said[-3000:]
    check_words(said)
    return f"{room} bytes of room: status {status}", nothing


def detach(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """A run whose input goes away before it or in its middle, and comes back after it."""
    moment = chance.choice([0.0, chance.uniform(0, place.seconds)])
    run = None
    if moment:
        run = place.start(variant)
        time.sleep(moment)
    place.input.rename(place.away)
    run = run or place.start(variant)
    status = run.wait()
    place.away.rename(place.input)
    check_words(said := (place.here / "said.txt").read_text(errors="replace"))
    assert status == 0 or sentences(said), said[-3000:]
    return f"the input away after {moment:.1f} s: status {status}", nothing


def drawn(place: Place, chance: random.Random) -> Path | None:
    """One of the run's own files that are not empty; None where there is none."""
    choice = [path for path in files(place.disk, PERSONS) if path.stat().st_size]
    return chance.choice(choice) if choice else None


def flip(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """One bit of one file."""
    if not (path := drawn(place, chance)):
        return "nothing to flip", nothing
    back, data = kept(path), bytearray(path.read_bytes())
    at = chance.randrange(len(data))
    data[at] ^= 1 << chance.randrange(8)
    path.unlink()  # a hard link's other name is another file
    path.write_bytes(data)
    return f"byte {at} of {path.relative_to(place.disk)}", back


def truncate(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """The end of one file is lost, also in its hard links."""
    if not (path := drawn(place, chance)):
        return "nothing to truncate", nothing
    back, size = kept(path), chance.randrange(path.stat().st_size)
    os.truncate(path, size)
    return f"{path.relative_to(place.disk)} cut at {size}", back


def delete(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """One file is lost, or the folder that it lies in."""
    choice = files(place.disk, PERSONS)
    if not choice:
        return "nothing to delete", nothing
    path = chance.choice(choice)
    whole = chance.random() < 0.3 and path.parent not in (place.work, place.corpus)
    backs = [kept(each) for each in (files(path.parent, set()) if whole else [path])]
    shutil.rmtree(path.parent) if whole else path.unlink()

    def back() -> None:
        for each in backs:
            each()

    return f"{(path.parent if whole else path).relative_to(place.disk)} deleted", back


def move(place: Place, chance: random.Random, variant: str) -> tuple[str, Undo]:
    """One file takes the place of another of its kind."""
    choice = files(place.disk, PERSONS)
    pairs = [(a, b) for a in choice for b in choice if a != b and a.suffix == b.suffix and a.suffix]
    if not pairs:
        return "nothing to move", nothing
    source, target = chance.choice(pairs)
    backs = kept(source), kept(target)
    target.unlink()
    source.rename(target)

    def back() -> None:
        for each in backs:
            each()

    return f"{source.relative_to(place.disk)} moved over {target.relative_to(place.disk)}", back


def sentences(said: str) -> set[str]:
    """What a run that did not succeed says of the cause: before its jobs, and of a job."""
    return {line for line in map(str.strip, said.splitlines()) if line.startswith(("error: ", "failed: "))}


def check_words(said: str) -> None:
    """No traceback is shown to anybody."""
    assert "Traceback" not in said, said[-6000:]


FAULTS = {each.__name__: each for each in (kill, kill_job, fill, detach, flip, truncate, delete, move)}
RUNNING = ("kill", "kill_job", "fill", "detach")  # strike while the command runs
UNSEEN = {"flip", "move"}  # may leave sizes as they are: `make verify` looks at the bytes
