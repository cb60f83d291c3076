"""The table at the end of a run: where the seconds went, from statistics.json.

python -m pipeline.summary corpus
"""

import argparse
import csv
import json
from pathlib import Path

from pipeline import entry
from pipeline.errors import ConfigError


def table(statistics: dict) -> str:
    """The statistics as lines of text: input, losses by stage and reason, speakers, corpus."""
    total = statistics["input"]["seconds"]

    def line(name: str, count: int, seconds: float) -> str:
        share = 100 * seconds / total if total else 0.0
        return f"{name:<34}{count:>9}{seconds:>13.3f}{share:>8.1f} %"

    lines = [f"{'':<34}{'rows':>9}{'seconds':>13}{'share':>10}"]
    lines.append(line("input recordings", statistics["input"]["recordings"], total))
    for stage, reasons in statistics["stages"].items():
        lines += [line(f"  - {stage}: {reason}", tally["count"], tally["seconds"]) for reason, tally in reasons.items()]
    lines.append(line("rejected", statistics["rejected"]["rows"], statistics["rejected"]["seconds"]))
    lines.append(line("kept clips", statistics["kept"]["clips"], statistics["kept"]["seconds"]))
    lines += [line(f"  + {name}", tally["count"], tally["seconds"]) for name, tally in statistics["speakers"].items()]
    return "\n".join(lines)


def warnings(work: Path) -> list[str]:
    """The speaker stage's warnings, a line for each target that has one."""
    path = work / "speaker" / "targets.csv"
    if not path.is_file():
        return []
    with open(path, encoding="utf-8", newline="") as lines:
        return [f"warning: {row['target']}: {row['warning']}" for row in csv.DictReader(lines) if row["warning"]]


def of(corpus: Path | str, work: Path | str | None = None) -> str:
    """The table of a corpus folder, the warnings of its work folder, and the corpus's path."""
    path = Path(corpus) / "statistics.json"
    if not path.is_file():
        raise ConfigError(f"summary: {path} does not exist: name the folder of a finished corpus.")
    statistics = json.loads(path.read_text(encoding="utf-8"))
    lines = [table(statistics), "", *(warnings(Path(work)) if work else [])]
    if not statistics["kept"]["clips"]:
        lines.append("warning: nothing was kept: rejects.csv tells why, row by row")
    return "\n".join([*lines, f"The corpus is in {Path(corpus).resolve()}"])


def main() -> None:
    parser = argparse.ArgumentParser(description="Print where the seconds of a corpus went.")
    parser.add_argument("corpus", type=Path, help="corpus folder with statistics.json")
    print(of(parser.parse_args().corpus))


if __name__ == "__main__":
    entry.run(main)
