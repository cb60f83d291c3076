"""The clips of a queue as a CSV table, for scripts; in the environment envs/review.lock, as the page is."""

import argparse
import csv
import sys
from itertools import count
from pathlib import Path

from pipeline import entry
from review.desk import Desk
from review.index import PAGE, QUEUES

COLUMNS = "id recording source start end voice speaker similarity score reason".split()


def main() -> None:
    parser = argparse.ArgumentParser("python -m review clips")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--decisions", type=Path, required=True)
    parser.add_argument("--queue", choices=list(QUEUES), required=True)
    parser.add_argument("--most", type=int, required=True)
    args = parser.parse_args()
    desk, left = Desk(args.work, args.decisions), args.most
    table = csv.DictWriter(sys.stdout, COLUMNS, lineterminator="\n", extrasaction="ignore")
    table.writeheader()
    for page in count():
        clips = desk.index.queue(args.queue, skip=page * PAGE)[:left]
        table.writerows(clips)
        left -= len(clips)
        if len(clips) < PAGE or not left:
            return


if __name__ == "__main__":
    entry.run(main)
