"""A Whisper model of random weights in CTranslate2's format: every layer and file of a published one, a few MB.

    python tests/engines/tiny_whisper.py FOLDER

needs the environment `recognizers`. The vocabulary has the layout of the multilingual models (50,257 tokens of text,
99 languages, 1,501 times), by which faster-whisper and CTranslate2 find their way; what it writes are random words.
"""

import json
import sys
from pathlib import Path

import numpy as np
from ctranslate2.specs import WhisperSpec
from ctranslate2.specs.model_spec import visit_spec
from faster_whisper.tokenizer import _LANGUAGE_CODES
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WIDTH, HEADS, BANDS, TEXT = 16, 2, 80, 50257
TASKS = ["translate", "transcribe", "startoflm", "startofprev", "nospeech", "notimestamps"]
LANGUAGES = _LANGUAGE_CODES[:99]
SHAPES = {
    "encoder/conv1/weight": (WIDTH, BANDS, 3),
    "encoder/conv2/weight": (WIDTH, WIDTH, 3),
    "encoder/position_encodings/encodings": (1500, WIDTH),
    "decoder/position_encodings/encodings": (448, WIDTH),
    "self_attention/linear_0/weight": (3 * WIDTH, WIDTH),  # queries, keys and values in one
    "attention/linear_1/weight": (2 * WIDTH, WIDTH),  # of the encoder: keys and values in one
    "ffn/linear_0/weight": (4 * WIDTH, WIDTH),
    "ffn/linear_1/weight": (WIDTH, 4 * WIDTH),
}


def vocabulary() -> list[str]:
    """All tokens in the order of their ids."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [f"\u0120w{number}" for number in range(TEXT - len(letters) - 1)]
    names = ["endoftext", "startoftranscript", *LANGUAGES, *TASKS, *(f"{0.02 * step:.2f}" for step in range(1501))]
    # The empty token is that by which CTranslate2 knows a multilingual model.
    return letters + words + [""] + [f"<|{name}|>" for name in names]


def spec(tokens: list[str]) -> WhisperSpec:
    """One layer of encoder and decoder with random weights, the same each time."""
    random, made = np.random.default_rng(1), WhisperSpec(1, HEADS, 1, HEADS)

    def fill(layer: object, name: str, value: object) -> None:
        key = name.rpartition("/")[2]
        if key == "gamma":
            layer.gamma = np.ones(WIDTH, np.float32)
        elif key == "beta":
            layer.beta = np.zeros(WIDTH, np.float32)
        elif key == "weight" or key == "encodings":
            shape = (len(tokens), WIDTH) if name in ("decoder/embeddings/weight", "decoder/projection/weight") else None
            shape = shape or next((SHAPES[end] for end in SHAPES if name.endswith("/" + end) or name == end), None)
            setattr(layer, key, random.normal(0, 0.4, shape or (WIDTH, WIDTH)).astype(np.float32))
        elif key == "bias":
            rows = layer.weight.shape[0]
            layer.bias = np.zeros(rows, np.float32)

    visit_spec(made, fill)
    # An end now and then: else each clip would be written to the last of its 448 tokens.
    made.decoder.projection.bias[tokens.index("<|endoftext|>")] = 5.0
    return made


def write(folder: Path) -> None:
    """Write model.bin, config.json, vocabulary.json, tokenizer.json and preprocessor_config.json."""
    folder.mkdir(parents=True)
    tokens = vocabulary()
    model = spec(tokens)
    model.config.lang_ids = [tokens.index(f"<|{code}|>") for code in LANGUAGES]
    model.config.suppress_ids = [tokens.index(f"<|{name}|>") for name in ("startoftranscript", *TASKS)]
    model.config.suppress_ids_begin = [tokens.index("<|endoftext|>")]
    model.config.alignment_heads = [(0, head) for head in range(HEADS)]
    model.register_vocabulary(tokens)
    model.validate()
    model.optimize()
    model.save(str(folder))
    tokenizer = Tokenizer(models.BPE({token: at for at, token in enumerate(tokens[:TEXT])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in tokens[TEXT:]])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "preprocessor_config.json").write_text(json.dumps({"feature_size": BANDS}))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
