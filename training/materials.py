"""From settings to what examples are drawn from: training and validation share no reader, noise or room."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from pipeline.errors import ConfigError
from training import drawing, rooms, sounds
from training.drawing import Materials, Recipe
from training.settings import Mixing
from training.sounds import EVERYDAY, Sound

PARTS = ("train", "val")
SHORTEST = 0.5  # seconds: a shorter noise sounds like nothing when it is repeated


def recipe(settings: Mixing, target: str = "room") -> Recipe:
    """How examples are mixed."""
    shares = {name: getattr(settings, name) for name in ("clean_share", "room_share", "band_share", "codec_share")}
    return Recipe(seconds=settings.seconds, snr_db=tuple(settings.snr_db), target=target, **shares)


def prepare(settings: Mixing) -> tuple[dict[str, Materials], dict]:
    """({"train", "val"}: materials, card): the card tells what went into each part, with its licences."""
    listed = [s for s in sounds.of_table(Path(settings.sounds)) if settings.held_out or not s.held_out]
    speech = _parts([sound for sound in listed if sound.kind == "speech"], settings)
    recorded = [sound for sound in listed if sound.kind == "noise"]
    if settings.noises == "synthetic":
        # Validated on real noises where there are any: none of them reaches the weights.
        noise = {"train": drawing.synthesised(settings.seed), "val": _loaded_noises(recorded)}
        noise["val"] = noise["val"] or drawing.synthesised(settings.seed + 1, drawing.VARIETIES // 10)
        sources = {"train": [], "val": recorded}
    else:
        if settings.noises != "recorded":
            classes = [c for name in settings.noise_classes for c in (EVERYDAY if name == "everyday" else (name,))]
            recorded = sounds.of_folder(Path(settings.noises), classes)
        sources = _parts(recorded, settings)
        noise = {part: _loaded_noises(chosen) for part, chosen in sources.items()}
    places = _rooms(settings)
    parts = {part: Materials(_loaded_speech(speech[part]), noise[part], places[part]) for part in PARTS}
    for part, materials in parts.items():
        if not materials.noises:
            raise ConfigError(
                f"No noise of at least {SHORTEST:g} s is left for '{part}': give more, or synthetic ones."
            )
    return parts, {part: _card(speech[part] + sources[part], parts[part]) for part in PARTS}


def _parts(found: list[Sound], settings: Mixing) -> dict[str, list[Sound]]:
    train, val = sounds.split(found, settings.validation_share, settings.seed)
    return {"train": [s for s in train if s.licensed or not settings.licensed_only], "val": val}


def _loaded_speech(found: Iterable[Sound]) -> dict[str, list[np.ndarray]]:
    readers: dict[str, list[np.ndarray]] = {}
    for sound in found:
        readers.setdefault(sound.group, []).append(sounds.read(sound.path))
    return readers


def _loaded_noises(found: Iterable[Sound]) -> dict[str, np.ndarray]:
    loaded = {sound.path.stem: sounds.read(sound.path) for sound in found}
    return {name: noise for name, noise in loaded.items() if len(noise) >= SHORTEST * sounds.RATE and noise.any()}


def _rooms(settings: Mixing) -> dict[str, list[rooms.Room]]:
    if settings.rooms.isdigit():
        count = int(settings.rooms)
        return {"train": rooms.simulated(count, settings.seed), "val": rooms.simulated(count // 2, settings.seed + 1)}
    measured = rooms.measured(Path(settings.rooms))
    order = np.random.default_rng(settings.seed).permutation(len(measured))
    held = max(1, round(settings.validation_share * len(measured)))
    return {"train": [measured[i] for i in order[held:]], "val": [measured[i] for i in order[:held]]}


def _card(found: list[Sound], materials: Materials) -> dict:
    """What a part holds, for the card of a model or of a mixed folder."""
    licences: dict[str, int] = {}
    for sound in found:
        licences[sound.licence] = licences.get(sound.licence, 0) + 1
    seconds = sum(len(recording) for recordings in materials.speech.values() for recording in recordings)
    return {
        "readers": len(materials.speech),
        "speech_seconds": round(seconds / sounds.RATE, 1),
        "noises": len(materials.noises),
        "rooms": len(materials.rooms),
        "licences": licences,
    }
