"""What can be wrong with a configuration beyond its types: told before any job, one sentence each."""

from pathlib import Path
from urllib.parse import urlsplit

from crawl.settings import Source
from pipeline import inputs
from pipeline.config import Config
from pipeline.errors import ConfigError

MARKER = ".voxsieve"  # stands in every corpus folder that voxsieve made


def check(settings: Config) -> None:
    """Raise ConfigError where folders, sources or references cannot be what the settings say."""
    check_corpus(Path(settings.corpus_dir))
    for source in settings.sources:
        check_source(source)
    if settings.sources:
        if settings.crawl.cookies and not Path(settings.crawl.cookies).is_file():
            raise ConfigError(f"crawl.cookies: '{settings.crawl.cookies}' does not exist (looked in {Path.cwd()}).")
    else:
        check_apart(settings)
    for name, path in settings.speaker.targets.items():
        check_target(name, path)


def check_corpus(corpus: Path) -> None:
    """Refuse a corpus folder with files that voxsieve did not make: they would be replaced."""
    taken = corpus.exists() and (not corpus.is_dir() or any(corpus.iterdir()))
    if taken and not (corpus / MARKER).exists():
        raise ConfigError(f"corpus_dir: '{corpus}' holds files that voxsieve did not make: name a new or empty folder.")


def check_apart(settings: Config) -> None:
    """Refuse to write into a folder that is walked for recordings: a run would find its own clips."""
    given = [settings.input] if isinstance(settings.input, str) else settings.input
    for root in filter(Path.is_dir, map(Path, given)):
        for key in ("work_dir", "corpus_dir"):
            place = Path(getattr(settings, key))
            if place.resolve().is_relative_to(root.resolve()):
                raise ConfigError(f"{key}: '{place}' lies inside the input folder '{root}': choose a place outside.")


def check_source(source: Source) -> None:
    """Refuse a source that cannot be: a folder or a list that is not there, an address that is none."""
    (kind,) = type(source).model_fields
    value = getattr(source, kind)
    if kind == "folder":
        inputs.find(value)
    elif kind in ("http", "links") and isinstance(value, str):
        if not _is_address(value) and not Path(value).is_file():
            raise ConfigError(f"sources: {kind}: '{value}' is neither a file nor an address (looked in {Path.cwd()}).")
    elif kind in ("http", "links"):
        if not value:
            raise ConfigError(f"sources: {kind}: the list is empty: name at least one address.")
    else:
        address = value if kind == "feed" else value.url
        if not _is_address(address):
            raise ConfigError(f"sources: {kind}: expected an http or https address, found '{address}'.")


def check_target(name: str, path: str) -> None:
    """Refuse a target whose name cannot be one, or whose reference holds no recording."""
    if not name or not name.isprintable() or set(name) & set("=/\\"):
        raise ConfigError(f"speaker.targets: {name!r} cannot be a speaker's name: use letters and digits.")
    if not Path(path).exists():
        raise ConfigError(f"speaker.targets: the reference of '{name}', '{path}', does not exist.")
    if not any(item.certain for item in inputs.find(path, f"speaker.targets: {name}")):
        raise ConfigError(f"speaker.targets: the folder of '{name}', '{path}', holds no recording.")


def _is_address(text: str) -> bool:
    parts = urlsplit(text)
    return parts.scheme in ("http", "https") and bool(parts.hostname)
