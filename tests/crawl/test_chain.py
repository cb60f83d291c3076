"""From a feed on loopback to a corpus, by the whole Snakemake chain."""

import csv
import subprocess
import sys
from pathlib import Path

import yaml
from conftest import ROOT, python
from servers import Site, serve
from test_feed import episode, rss

from pipeline import ffmpeg


def snakemake(config: Path, *first: str) -> str:
    # The target comes first: --configfile would take it for a second file.
    command = [sys.executable, "-m", "snakemake", "-j2", *first, "--configfile", config, "-s", ROOT / "Snakefile"]
    answer = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=ROOT)
    assert answer.returncode == 0, (answer.stdout + answer.stderr)[-5000:]
    return answer.stdout + answer.stderr


def test_from_a_feed_to_a_corpus(tmp_path):
    python()  # skips where the crawl's environment is not made
    shows = {path.name: beginning(path, tmp_path) for path in sorted((ROOT / "examples").glob("*.mp3"))}
    site = Site(dict(shows), {"gone.mp3": ["404"] * 20})
    titles = {name: f"Harbour <b>{name}</b>" for name in shows}
    entries = [episode(n, name=name, title=titles[name].replace("<", "&lt;")) for n, name in enumerate(shows)]
    gone = episode(9, name="gone.mp3")
    with serve(site):
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, [*entries[:2], gone]))
        settings = {
            "sources": [{"feed": f"{site.url}/feed"}],
            "crawl": {"allow_private_hosts": True, "delay_seconds": 0, "retries": 1},
            "downloads_dir": str(tmp_path / "downloads"),
            "work_dir": str(tmp_path / "work"),
            "corpus_dir": str(tmp_path / "corpus"),
        }
        config = tmp_path / "mine.yaml"
        config.write_text(yaml.safe_dump(settings))
        assert "2 new" in snakemake(config, "crawl")
        snakemake(config)
        assert "Nothing to be done" in snakemake(config)
        asked = len(site.log)
        clips = table(tmp_path / "corpus/clips.csv")
        assert {one["title"] for one in clips} <= set(titles.values()) and len({one["recording"] for one in clips}) == 2
        assert all(one["url"].startswith(f"{site.url}/f/") and one["published"] and one["uploader"] for one in clips)
        assert {one["licence"] for one in clips} == {"https://creativecommons.org/licenses/by/4.0/"}
        lost = [one for one in table(tmp_path / "corpus/rejects.csv") if one["stage"] == "crawl"]
        assert [one["reason"] for one in lost] == ["http_404"]
        # The feed grows: the crawl alone brings the new one in, and the chain goes on from there.
        site.pages["/feed"] = ("application/rss+xml", rss(site.url, entries))
        assert "1 new" in snakemake(config, "crawl")
        assert {one.path for one in site.log[asked:]} == {"/feed", f"/f/{list(shows)[2]}"}
        asked = len(site.log)
        snakemake(config)
        assert len(site.log) == asked
    assert len({one["recording"] for one in table(tmp_path / "corpus/clips.csv")}) == 3


def beginning(show: Path, folder: Path) -> bytes:
    """The first 20 s of a show, with a clip or two in them."""
    short = folder / show.name
    command = [ffmpeg.find("ffmpeg"), "-v", "error", "-i", show, "-t", "20", "-c", "copy", short]
    subprocess.run(command, check=True)
    return short.read_bytes()


def table(path: Path) -> list[dict]:
    with open(path, encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
