"""review: listen to what the machine was unsure of, and decide.

    python -m review --work work --corpus corpus         the page, in the browser
    python -m review voices --work work                  what to ask next, in the order of what an answer is worth
    python -m review clips --queue uncertain             the clips of a queue of the page, the first first
    python -m review decide voice v0001 --speaker anna   what the page does, by command
    python -m review progress                            who decided what, and how far people agree

Decisions are appended to the folder --decisions, a file a person; snakemake then does what depends on them.
"""

import argparse
import csv
import getpass
import os
import sys
from pathlib import Path

from install import environments
from pipeline import decisions, entry, ffmpeg, folders, registry
from pipeline.errors import ConfigError
from review import agreement, voices, write


def where(parser: argparse.ArgumentParser, who: bool = True) -> None:
    """The flags that every command has."""
    parser.add_argument("--work", type=Path, default=Path("work"), help="work folder")
    parser.add_argument("--decisions", type=Path, default=Path("decisions"), help="folder that holds the decisions")
    if who:
        parser.add_argument("--who", default=user(), help="name of who decides")


def user() -> str:
    """The name of this user, "" where the machine has none for it, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def arguments() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser("python -m review", description=__doc__.split("\n\n")[0])
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    page = commands.add_parser("page", help="the page; what is done without a command", formatter_class=entry.Defaults)
    where(page, who=False)
    page.add_argument("--corpus", type=Path, default=Path("corpus"), help="corpus folder")
    page.add_argument("--host", default="127.0.0.1", help="address to listen on; any other opens it to that network")
    page.add_argument("--port", type=int, default=8017, help="port; 0 takes a free one")
    page.add_argument("--config", type=Path, default=Path("config.yaml"), help="configuration for `try a file`")
    listed = commands.add_parser(
        "voices", help="the voices, in the order in which to ask", formatter_class=entry.Defaults
    )
    where(listed, who=False)
    listed.add_argument("--csv", action="store_true", help="as a CSV table")
    clips = commands.add_parser("clips", help="the clips of a queue, as a CSV table", formatter_class=entry.Defaults)
    where(clips, who=False)
    clips.add_argument("--queue", default="uncertain", help="which: also beside, lowest, sample, dropped")
    clips.add_argument("--most", type=int, default=100, help="how many clips")
    decide = commands.add_parser("decide", help="decide on a voice or a clip")
    about = decide.add_subparsers(dest="about", required=True, metavar="voice|clip")
    voice = about.add_parser("voice", help="whose voice it is", formatter_class=entry.Defaults)
    where(voice)
    voice.add_argument("name", help="as speakers.csv has it, for example v0001")
    answer = voice.add_mutually_exclusive_group(required=True)
    answer.add_argument("--speaker", help="it is this speaker's; a new name is a new speaker")
    answer.add_argument("--nobody", action="store_true", help="nobody's who is wanted")
    answer.add_argument("--two", action="store_true", help="two people's: it is taken apart")
    clip = about.add_parser("clip", help="what becomes of a clip", formatter_class=entry.Defaults)
    where(clip)
    clip.add_argument("name", help="the clip's id, for example r000012_0061770_0067280")
    answer = clip.add_mutually_exclusive_group(required=True)
    answer.add_argument("--keep", action="store_true", help="keep it, whatever was measured")
    answer.add_argument("--drop", metavar="REASON", help="leave it out")
    answer.add_argument("--speaker", help="it is this speaker's")
    answer.add_argument("--nobody", action="store_true", help="nobody's who is wanted")
    answer.add_argument("--text", help="what is said in it")
    answer.add_argument("--tone", help="how it is spoken, for example angry")
    answer.add_argument("--retime", nargs=2, type=float, metavar=("START", "END"), help="other ends, in seconds")
    answer.add_argument("--split", type=float, metavar="SECOND", help="two clips, divided there")
    answer.add_argument("--join", action="store_true", help="one clip with the next")
    back = commands.add_parser("undo", help="take back the latest decision of a person", formatter_class=entry.Defaults)
    where(back)
    progress = commands.add_parser("progress", help="what was decided, and how far people agree")
    where(progress, who=False)
    return parser


def show_voices(args: argparse.Namespace) -> None:
    rows = voices.listed(args.work, decisions.of(args.decisions))
    if args.csv:
        table = csv.DictWriter(sys.stdout, voices.COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
        return
    for row in rows:
        state = f"decided: {row['decided']}" if row["decided"] else f"settles {row['worth_seconds']:.0f} s"
        print(
            f"{row['voice']}  {row['gender']:<6}  {row['seconds']:8.1f} s, {row['uncertain_seconds']:.1f} uncertain  "
            f"like {row['target']} {row['similarity']:.2f}  {state}; hear {row['typical']}"
        )


def decide(args: argparse.Namespace) -> None:
    if args.speaker == "":
        raise ConfigError("review: --speaker needs a name: use --nobody where it is nobody's who is wanted.")
    if args.about == "voice":
        kind, value = ("two", "") if args.two else ("voice", args.speaker or "")
        made = write.on_voice(args.work, args.decisions, args.who, args.name, kind, value)
    else:
        kind = next(
            name
            for name in ("keep", "drop", "speaker", "nobody", "text", "tone", "retime", "split", "join")
            if told(args, name)
        )
        value = getattr(args, kind) if kind in ("drop", "speaker", "text", "tone") else ""
        times = {"retime": args.retime, "split": [args.split]}.get(kind, [])
        kind = "speaker" if kind == "nobody" else kind
        made = write.on_clip(args.work, args.decisions, args.who, args.name, kind, value, tuple(times))
    print(f"{made.id}  {args.name}: {made.kind} {made.value}".rstrip())


def told(args: argparse.Namespace, name: str) -> bool:
    """Whether a flag was given; that of a text may be empty."""
    return getattr(args, name) not in (None, False)


def undo(args: argparse.Namespace) -> None:
    taken = decisions.undo(args.decisions, args.who)
    print(f"taken back: {taken.kind} {taken.value}".rstrip() if taken else f"{args.who} has decided nothing that holds")


def progress(args: argparse.Namespace) -> None:
    lines, faults = decisions.read(args.decisions)
    holding = decisions.active(lines)
    for who in sorted({line.who for line in holding}):
        kinds = [line.kind for line in holding if line.who == who]
        print(f"{who}: {', '.join(f'{kinds.count(kind)} {kind}' for kind in sorted(set(kinds)))}")
    for (one, other), pairs in agreement.together(holding).items():
        print(f"{one} and {other}: both heard {len(pairs)}, Cohen's kappa {agreement.kappa(pairs):.2f}")
    for fault in faults:
        print(f"warning: {fault}", file=sys.stderr)


def page(args: argparse.Namespace) -> None:
    """Become the server."""
    os.environ["PATH"] += os.pathsep + str(Path(ffmpeg.find("ffmpeg")).parent)
    flags = {"corpus": args.corpus, "host": args.host, "port": args.port, "config": args.config}
    become("review.serve", args, flags | {"snakemake-python": sys.executable})


def clips(args: argparse.Namespace) -> None:
    """Become the program that reads the page's index."""
    become("review.listing", args, {"queue": args.queue, "most": args.most})


def become(module: str, args: argparse.Namespace, flags: dict) -> None:
    """Become a program of the page's own environment."""
    environments.make("review")
    python = str(environments.python("review"))
    os.environ["PYTHONPATH"] = os.pathsep.join(
        [str(registry.ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    )
    flags = {"work": args.work, "decisions": args.decisions} | flags
    os.execv(python, [python, "-m", module, *(f"--{name}={value}" for name, value in flags.items())])


def main(words: list[str] | None = None) -> None:
    words = sys.argv[1:] if words is None else words
    parser = arguments()
    if not words or (words[0].startswith("--") and words[0] not in ("-h", "--help")):
        words = ["page", *words]
    args = parser.parse_args(words)
    folders.check_decisions(args.decisions, getattr(args, "work", None) or Path())
    commands = {"page": page, "voices": show_voices, "clips": clips}
    commands |= {"decide": decide, "undo": undo, "progress": progress}
    try:
        commands[args.command](args)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    entry.run(main)
