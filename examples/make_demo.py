"""Make the demo recordings: three little radio programmes, with the truth of what is heard when beside them.

    apt-get install flite festival festvox-ca-ona-hts     (free voices: two men, two women)
    python examples/make_demo.py

The music and the noise are synthesised here, the texts are our own, so everything may be passed on. Run again it
gives the same sound. Truth: examples/truth/NAME.csv, columns start,end,label,speaker,gender,background,snr_db,source.
"""

import csv
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import soundfile
import soxr

from pipeline import ffmpeg

RATE = 44100
HERE = Path(__file__).parent
GENDER = {"rms": "M", "awb": "M", "slt": "F", "ona": "F"}

TEXTS = {
    "rms": [
        "Good morning. You are listening to the harbour programme, and the kettle is already on.",
        "Yesterday the fishing boats came in late, because the fog did not lift before noon.",
        "We asked our listeners what they keep in the drawer beside the bed, and four hundred of you wrote to us.",
        "The answers were mostly spectacles, old letters, and more batteries than anyone could ever use.",
        "In a moment we will hear from the lighthouse, but first a word about the weather.",
        "It will stay dry until the evening, with a light wind from the west and a little sun after lunch.",
        "The bakery on the corner has asked me to say that the rye bread is back.",
        "If you walk along the shore today, look out for the grey seals on the sandbank.",
        "That brings us to the question of the week, which came to us on a postcard from the island.",
        "Why does the clock on the town hall run four minutes fast, and who decided that it should?",
        "The keeper of the clock told me that it was set that way so that nobody would miss the train.",
        "Thank you for your company this morning. Mind the step on your way out.",
    ],
    "awb": [
        "I have looked after the lamp for twenty years, and I still count the ships at night.",
        "When the wind turns north, the whole tower hums like a bottle.",
        "My father kept a notebook of every storm, and I have gone on with it ever since.",
        "You learn to sleep lightly, and to trust the barometer more than the radio.",
    ],
    "slt": [
        "I paint the harbour from memory, and then I go down to see what I got wrong.",
        "The water is never the colour that you think it is.",
        "Last winter I found a box of glass plates, with photographs of the old ferry.",
        "We are going to show them in the library, beginning on the first of March.",
    ],
    "ona": [
        "Bon dia a tothom. Avui parlem del mercat i de les barques petites.",
        "La meva mare venia peix a la plaça cada dimecres i cada dissabte.",
        "Quan fa vent de mar, les finestres canten tota la nit.",
    ],
}

# What is heard: (voice or label, seconds of pause before, background, SNR in dB). A number as first item is seconds.
SHOWS = {
    "harbour_morning": [
        ("music", 7.0, None), ("rms", 0.6, None), ("rms", 0.5, None), ("rms", 0.7, ("music", 15)),
        ("rms", 0.4, ("music", 15)), ("noise", 4.0, None), ("awb", 0.8, None), ("awb", 0.5, None), ("rms", 0.6, None),
        ("music", 5.0, None),
    ],
    "harbour_noon": [
        ("music", 6.0, None), ("rms", 0.5, None), ("slt", 0.7, None), ("slt", 0.5, None), ("rms", 0.6, ("noise", 15)),
        ("rms", 0.5, ("noise", 15)), ("silence", 2.0, None), ("ona", 0.5, None), ("ona", 0.6, None),
        ("rms", 0.7, None), ("music", 5.0, None),
    ],
    "harbour_evening": [
        ("noise", 4.0, None), ("rms", 0.6, ("music", 10)), ("awb", 0.7, None), ("awb", 0.5, None), ("rms", 0.8, None),
        ("slt", 0.6, ("music", 15)), ("slt", 0.5, ("music", 15)), ("music", 5.0, None), ("ona", 0.6, None),
        ("rms", 0.6, None), ("music", 6.0, None),
    ],
}  # fmt: skip


def speak(voice: str, text: str) -> np.ndarray:
    """One sentence of a voice: float (n,) at 44.1 kHz, edges trimmed, RMS 0.08."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "voice.wav"
        if voice == "ona":
            command = ["text2wave", "-o", path, "-eval", "(voice_upc_ca_ona_hts)"]
            subprocess.run(command, input=text.encode("latin-1"), check=True, capture_output=True)
        else:
            subprocess.run(["flite", "-voice", voice, "-t", text, "-o", path], check=True, capture_output=True)
        signal, rate = soundfile.read(path)
    loud = np.flatnonzero(np.abs(signal) > 0.01 * np.abs(signal).max())
    signal = soxr.resample(signal[loud[0] : loud[-1] + 1], rate, RATE)
    return 0.08 * signal / np.sqrt(np.mean(signal**2))


def music(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """A plucked chord progression with a bass and a soft drum: float (n, 2)."""
    n = round(seconds * RATE)
    out = np.zeros((n + RATE * 3, 2))
    beat = round(0.3 * RATE)
    chords = [(220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (196.0, 246.9, 293.7), (164.8, 207.7, 246.9)]
    time = np.arange(RATE * 2) / RATE
    for i, start in enumerate(range(0, n, beat)):
        chord = chords[(i // 8) % 4]
        notes = [(chord[i % 3] * rng.choice([1, 2]), 0.10, 5.0), *([(chord[0] / 2, 0.16, 2.5)] if i % 4 == 0 else [])]
        for frequency, level, decay in notes:
            tone = sum(np.sin(2 * np.pi * frequency * k * time) / k**1.5 for k in range(1, 9))
            left = rng.uniform(0.3, 0.7)
            pluck = level * tone * np.exp(-decay * time)
            out[start : start + len(time)] += pluck[:, None] * [left, 1 - left]
        if i % 2:
            hit = rng.standard_normal(RATE // 8) * np.exp(-np.arange(RATE // 8) / (RATE * 0.02))
            out[start : start + len(hit)] += 0.03 * hit[:, None]
    return fade(out[:n])


def noise(seconds: float, rng: np.random.Generator) -> np.ndarray:
    """Surf: noise with a falling spectrum that swells and ebbs: float (n, 2)."""
    n = round(seconds * RATE)
    spectrum = np.fft.rfft(rng.standard_normal((n, 2)), axis=0)
    spectrum /= np.sqrt(1 + (np.arange(len(spectrum)) * RATE / n / 300))[:, None]
    surf = np.fft.irfft(spectrum, n, axis=0)
    surf *= (1.2 + np.sin(2 * np.pi * np.arange(n) / RATE / 5))[:, None]
    return fade(0.05 * surf / np.sqrt(np.mean(surf**2)))


def fade(signal: np.ndarray) -> np.ndarray:
    """A short fade at both ends."""
    ramp = np.minimum(1, np.arange(len(signal)) / (0.3 * RATE))[:, None]
    return signal * ramp * ramp[::-1]


def make(name: str, seed: int, spoken: dict[str, int]) -> None:
    """Compose one programme, write its mp3 and its truth. `spoken` counts the sentences used of each voice."""
    rng = np.random.default_rng(seed)
    make_sound = {"music": music, "noise": noise}
    parts, rows, at = [], [], 0.0

    def add(signal: np.ndarray, **truth) -> None:
        nonlocal at
        end = at + len(signal) / RATE
        rows.append({"start": f"{at:.3f}", "end": f"{end:.3f}", **truth})
        parts.append(signal)
        at = end

    for what, seconds, bed in SHOWS[name]:
        if what in make_sound:
            add(make_sound[what](seconds, rng), label=what)
        elif what == "silence":
            add(np.zeros((round(seconds * RATE), 2)), label=what)
        else:
            text = TEXTS[what][spoken[what] % len(TEXTS[what])]
            spoken[what] += 1
            voice = speak(what, text)
            truth = {"label": "speech", "speaker": what, "gender": GENDER[what], "source": text}
            pause = round(seconds * RATE)
            if not bed:
                add(np.zeros((pause, 2)), label="silence")
                add(np.repeat(voice[:, None], 2, axis=1), background="none", **truth)
                continue
            kind, snr = bed
            under = make_sound[kind]((pause * 2 + len(voice)) / RATE, rng)[: pause * 2 + len(voice)]
            under *= np.sqrt(np.mean(voice**2) / np.mean(under**2)) * 10 ** (-snr / 20)
            under[pause : pause + len(voice)] += voice[:, None]
            add(under[:pause], label=kind)
            add(under[pause : pause + len(voice)], background=kind, snr_db=snr, **truth)
            add(under[pause + len(voice) :], label=kind)
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "show.wav"
        soundfile.write(wav, np.clip(np.concatenate(parts), -1, 1), RATE)
        arguments = ["-y", "-loglevel", "error", "-i", str(wav), "-b:a", "64k", "-fflags", "+bitexact"]
        subprocess.run([ffmpeg.find("ffmpeg"), *arguments, str(HERE / f"{name}.mp3")], check=True)
    with open(HERE / "truth" / f"{name}.csv", "w", newline="", encoding="utf-8") as out:
        fields = "start end label speaker gender background snr_db source".split()
        writer = csv.DictWriter(out, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    (HERE / "truth").mkdir(exist_ok=True)
    spoken = dict.fromkeys(GENDER, 0)
    for seed, name in enumerate(SHOWS):
        make(name, seed, spoken)


if __name__ == "__main__":
    main()
