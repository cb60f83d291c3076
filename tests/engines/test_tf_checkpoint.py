"""The checkpoint reader on a table written here by the format's description, and on the real weights."""

import struct

import numpy as np
import pytest

from engines.spleeter import checkpoint as tf_checkpoint
from install import weights
from pipeline.errors import ModelError

TOTAL = 19_653_518  # float32 numbers in the 2stems checkpoint
SUMS = {
    "conv2d/kernel": ((5, 5, 2, 16), -6.556556355),
    "conv2d_13/bias": ((2,), 1.674347222),
    "conv2d_transpose_7/kernel": ((5, 5, 128, 512), -5246.717124637),
    "batch_normalization_23/gamma": ((1,), 0.021531379),
}


def varint(value: int) -> bytes:
    digits = bytearray()
    while value >= 0x80:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(digits) + bytes([value])


def message(**fields: int | bytes) -> bytes:
    """A protobuf message of f1, f2, ...: ints as varints, bytes with their length."""
    out = b""
    for name, value in fields.items():
        number = int(name[1:])
        if isinstance(value, int):
            out += varint(number << 3) + varint(value)
        else:
            out += varint(number << 3 | 2) + varint(len(value)) + value
    return out


def block(pairs: list[tuple[bytes, bytes]]) -> bytes:
    """A LevelDB block with shared key prefixes, one restart point, no compression, and an unread checksum."""
    out, last = b"", b""
    for key, value in pairs:
        shared = next((i for i, (a, b) in enumerate(zip(key, last, strict=False)) if a != b), min(len(key), len(last)))
        out += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        last = key
    return out + struct.pack("<II", 0, 1) + b"\0" + b"crc."


def table(groups: list[list[tuple[bytes, bytes]]]) -> bytes:
    """A LevelDB table of one data block for each group."""

    def appended(out: bytes, pairs) -> tuple[bytes, bytes]:
        whole = block(pairs)
        return out + whole, varint(len(out)) + varint(len(whole) - 5)

    out, handles = b"", []
    for group in groups:
        out, handle = appended(out, group)
        handles.append((group[-1][0], handle))
    out, meta = appended(out, [])
    out, index = appended(out, handles)
    return out + (meta + index).ljust(40, b"\0") + struct.pack("<Q", 0xDB4775248B80FB57)


def variable(shape: tuple[int, ...], offset: int, dtype: int = 1) -> bytes:
    dims = b"".join(message(f2=message(f1=size)) for size in shape)
    size = int(np.prod(shape)) * 4
    return message(f1=dtype, f2=dims, f4=offset, f5=size) + varint(6 << 3 | 5) + b"crc."


@pytest.fixture
def checkpoint(tmp_path):
    values = np.arange(300, dtype="<f4")
    header = (b"", message(f1=1))
    groups = [
        [header, (b"conv/bias", variable((4,), 0)), (b"conv/kernel", variable((2, 3, 4), 16))],
        [(b"conv_1/kernel", variable((200,), 112)), (b"global_step", variable((), 912, dtype=9))],
    ]
    (tmp_path / "x.index").write_bytes(table(groups))
    (tmp_path / "x.data").write_bytes(values.tobytes())
    return tmp_path / "x.index", tmp_path / "x.data"


def test_reads_every_float_variable(checkpoint):
    found = tf_checkpoint.read(*checkpoint)
    assert list(found) == ["conv/bias", "conv/kernel", "conv_1/kernel"]
    np.testing.assert_array_equal(found["conv/bias"], np.arange(4))
    np.testing.assert_array_equal(found["conv/kernel"], np.arange(4, 28).reshape(2, 3, 4))
    np.testing.assert_array_equal(found["conv_1/kernel"], np.arange(28, 228))


def test_short_data_is_refused(checkpoint):
    index, data = checkpoint
    data.write_bytes(data.read_bytes()[:500])
    with pytest.raises(ModelError, match=r"conv_1/kernel .* 500 bytes"):
        tf_checkpoint.read(index, data)


def test_another_file_is_refused(checkpoint):
    index, data = checkpoint
    index.write_bytes(b"not a table" * 10)
    with pytest.raises(ModelError, match="not a LevelDB table"):
        tf_checkpoint.read(index, data)


def test_the_real_weights():
    """Names and sizes of the two U-Nets; sums as tensorflow 2.12.1 gives them (tf.train.load_checkpoint)."""
    try:
        paths = [weights.file(f"spleeter/{name}") for name in ("model.index", "model.data-00000-of-00001")]
    except ModelError as error:
        pytest.skip(str(error))
    found = tf_checkpoint.read(*paths)
    assert len(found) == 148
    assert sum(array.size for array in found.values()) == TOTAL
    for name, (shape, total) in SUMS.items():
        assert found[name].shape == shape
        assert found[name].sum(dtype=np.float64) == pytest.approx(total, abs=1e-6)
