"""Is everything still as it was written? Every file of the work folder and of the corpus, by SHA-256.

    python -m pipeline.verify --work work --corpus corpus     (make verify)

What differs is printed. In the work folder it is deleted, and so is the file that marks its stage as done: the next run
makes it again. Files that a person writes into are not looked at.
"""

import argparse
import json
import os
import sys
from pathlib import Path

from pipeline import corpus, entry, manifest, vouch, workfolder
from pipeline.digest import sha256


def check_work(work: Path) -> list[str]:
    """The files of the work folder that are not as they were written."""
    wrong = []
    for folder in workfolder.folders(work):
        marker = workfolder.marker_of(folder, work)
        if marker.is_file() and (names := vouch.changed(folder)):
            wrong += [f"{folder / name} is not as it was written" for name in names]
            there = {os.path.relpath(entry.path, folder) for entry in vouch.files(folder)}
            for name in {marker.name, *there.intersection(names)}:  # a torn listing may name anything
                (folder / name).unlink(missing_ok=True)
    return wrong


def check_corpus(work: Path, place: Path) -> list[str]:
    """The files of the corpus that are not what export, formats and report wrote."""
    wrong = []
    for record in sorted(work.glob(f"*/{corpus.RECORD}")):
        written = json.loads(record.read_text(encoding="utf-8"))
        names = [name for name, digest in written["sha256"].items() if _digest(place / name) != digest]
        wrong += [f"{place / name} is not as it was written" for name in names]
        if names:
            record.unlink()
    selected = work / "select" / manifest.MANIFEST
    for row in manifest.lines(selected) if selected.is_file() else ():  # else the clips are linked anew anyway
        normalized, exported = work / row["path"], place / corpus.WAVS / f"{row['id']}.wav"
        if not exported.is_file() or (normalized.is_file() and sha256(normalized) != sha256(exported)):
            wrong.append(f"{exported} is not the clip that was made")
            (work / "export" / corpus.RECORD).unlink(missing_ok=True)
    return wrong


def _digest(path: Path) -> str:
    return sha256(path) if path.is_file() else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, default=Path("work"), help="work folder")
    parser.add_argument("--corpus", type=Path, default=Path("corpus"), help="corpus folder")
    args = parser.parse_args()
    wrong = check_work(args.work) + check_corpus(args.work, args.corpus)
    for problem in wrong:
        print(problem)
    if wrong:
        sys.exit(f"error: {len(wrong)} files are not as they were written: run again, and they are made anew.")
    print("Every file is as it was written.")


if __name__ == "__main__":
    entry.run(main)
