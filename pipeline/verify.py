"""Is everything still as it was written? Every file of the work folder and of the corpus, by SHA-256.

    python -m pipeline.verify --work work --corpus corpus     (make verify)

What differs is printed, and the file that marks its stage as done is deleted, so that the next run makes it again.
"""

import argparse
import sys
from pathlib import Path

from pipeline import corpus, entry, manifest, registry, vouch
from pipeline.digest import sha256


def check_work(work: Path) -> list[str]:
    """The files of shards that are not as they were written; the manifests that vouch for them are deleted."""
    wrong = []
    for stage in registry.of_unit("shard"):
        for shard in manifest.shards(work):
            folder = work / stage / shard
            if (folder / manifest.MANIFEST).is_file() and (names := vouch.changed(folder)):
                (folder / manifest.MANIFEST).unlink()
                wrong += [f"{folder / name} is not as it was written" for name in names]
    return wrong


def check_corpus(work: Path, place: Path) -> list[str]:
    """The corpus's clips that are not what normalize wrote; the file that marks export as done is deleted."""
    wrong = []
    for row in manifest.lines(work / "select" / manifest.MANIFEST):
        normalized, exported = work / row["path"], place / corpus.WAVS / f"{row['id']}.wav"
        if not exported.is_file() or (normalized.is_file() and sha256(normalized) != sha256(exported)):
            wrong.append(f"{exported} is not the clip that was made")
    if wrong:
        (work / "export" / "corpus.json").unlink(missing_ok=True)
    return wrong


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
