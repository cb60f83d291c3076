"""File names of the public sets as labels: RAVDESS, SAVEE, EmoDB, TESS. What a name does not say is not guessed.

Sources: Livingstone & Russo 2018 (RAVDESS), Haq & Jackson 2009 (SAVEE), Burkhardt et al. 2005 (EmoDB), Pichora-Fuller
& Dupuis 2020 (TESS).
"""

import re
from pathlib import Path
from typing import NamedTuple

AUDIO = {".wav", ".flac", ".mp3", ".ogg", ".opus", ".m4a", ".aac", ".wma", ".aif", ".aiff"}

RAVDESS = re.compile(r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)")
RAVDESS_TONES = dict(enumerate("neutral calm happy sad angry fearful disgust surprised".split(), 1))
RAVDESS_FOLDER = re.compile(r"actor_(\d\d)")
SAVEE = re.compile(r"(?:(dc|je|jk|kl)_)?(sa|su|[adfhn])(\d\d)")
SAVEE_SPEAKERS = ("dc", "je", "jk", "kl")
SAVEE_TONES = dict(a="angry", d="disgust", f="fearful", h="happy", n="neutral", sa="sad", su="surprised")
EMODB = re.compile(r"(\d\d)([ab]\d\d)([a-z])([a-z])")
EMODB_TONES = dict(w="angry", l="boredom", e="disgust", a="fearful", f="happy", t="sad", n="neutral")
TESS = re.compile(r"([a-z]+)_([a-z]+)_(ps|[a-z]+)")
TESS_SPEAKERS = ("oaf", "yaf")
TESS_TONES = dict(
    angry="angry",
    disgust="disgust",
    fear="fearful",
    happy="happy",
    neutral="neutral",
    ps="surprised",
    sad="sad",
)


class Label(NamedTuple):
    """What a file's name says."""

    set: str
    speaker: str
    tone: str


def read(path: Path) -> Label | str:
    """The label in a file's name and folder, or why there is none, in words."""
    stem, folder = path.stem.lower(), path.parent.name.lower()
    for pattern, reader in ((RAVDESS, _ravdess), (SAVEE, _savee), (EMODB, _emodb), (TESS, _tess)):
        if match := pattern.fullmatch(stem):
            return reader(match, folder)
    return "named as in none of the sets"


def _ravdess(match: re.Match, folder: str) -> Label | str:
    modality, channel, emotion, *_, actor = (int(group) for group in match.groups())
    if channel == 2:
        return "song, not speech"
    if modality not in (1, 3) or channel != 1 or emotion not in RAVDESS_TONES or not 1 <= actor <= 24:
        return "no code of RAVDESS for speech with sound"
    if (named := RAVDESS_FOLDER.fullmatch(folder)) and int(named[1]) != actor:
        return f"ambiguous: actor {actor} by its name, {int(named[1])} by its folder"
    return Label("ravdess", f"ravdess{actor:02d}", RAVDESS_TONES[emotion])


def _savee(match: re.Match, folder: str) -> Label | str:
    named, letters, _ = match.groups()
    speaker = named or (folder if folder in SAVEE_SPEAKERS else None)
    if speaker is None:
        return "ambiguous: named as in SAVEE, without its speaker"
    if folder in SAVEE_SPEAKERS and folder != speaker:
        return f"ambiguous: speaker {speaker} by its name, {folder} by its folder"
    return Label("savee", f"savee_{speaker}", SAVEE_TONES[letters])


def _emodb(match: re.Match, folder: str) -> Label | str:
    speaker, _, emotion, _ = match.groups()
    if emotion not in EMODB_TONES:
        return f"no emotion of EmoDB: {emotion.upper()}"
    return Label("emodb", f"emodb{speaker}", EMODB_TONES[emotion])


def _tess(match: re.Match, folder: str) -> Label | str:
    speaker, _, emotion = match.groups()
    if emotion not in TESS_TONES:
        return "named as in none of the sets"
    if speaker not in TESS_SPEAKERS:
        return f"ambiguous: named as in TESS, but {speaker.upper()} is no speaker of it"
    return Label("tess", f"tess_{speaker}", TESS_TONES[emotion])
