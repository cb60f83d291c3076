"""Read the variables of a TensorFlow checkpoint without TensorFlow.

A checkpoint "x" is a table of contents, x.index, and raw little-endian bytes, x.data-00000-of-00001. The
index is a LevelDB sorted table (google/leveldb doc/table_format.md) from variable name to a BundleEntryProto
(tensorflow/core/protobuf/tensor_bundle.proto), as TensorFlow's BundleWriter writes it: one shard, no
compression. Only float32 variables are read; counters and the like are passed over.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError

_TABLE_MAGIC = 0xDB4775248B80FB57
_FOOTER_BYTES = 48
_DT_FLOAT = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


def read(index: Path, data: Path) -> dict[str, np.ndarray]:
    """Every float32 variable by name, each in its own shape, read-only views of one mapped file.

    Raises ModelError where `index` is not such a table or `data` is shorter than it says.
    """
    raw = np.memmap(data, np.uint8, mode="r")
    variables = {}
    for name, entry in entries(index.read_bytes()):
        dtype, shape, offset, size = _bundle_entry(entry)
        if not name or dtype != _DT_FLOAT:
            continue
        if offset + size > raw.size or size != 4 * int(np.prod(shape)):
            raise ModelError(
                f"Variable {name} of {index} has shape {shape} and {size} bytes at {offset}, which does not fit "
                f"the {raw.size} bytes of {data}: delete both and run `make weights`."
            )
        variables[name] = raw[offset : offset + size].view("<f4").reshape(shape)
    return variables


def entries(table: bytes) -> Iterator[tuple[str, bytes]]:
    """The (key, value) pairs of an uncompressed LevelDB table, in its order."""
    if len(table) < _FOOTER_BYTES or struct.unpack("<Q", table[-8:])[0] != _TABLE_MAGIC:
        raise ModelError("The checkpoint index is not a LevelDB table: delete it and run `make weights`.")
    footer = len(table) - _FOOTER_BYTES
    _, _, footer = _block_handle(table, footer)  # of the metaindex block, which TensorFlow leaves empty
    offset, size, _ = _block_handle(table, footer)
    for _, handle in _block(table, offset, size):
        offset, size, _ = _block_handle(handle, 0)
        for key, value in _block(table, offset, size):
            yield key.decode(), value


def _block(table: bytes, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Pairs of one block; a key is stored as what differs from the one before it."""
    if table[offset + size] != 0:
        raise ModelError("The checkpoint index is compressed, which TensorFlow's own writer never does.")
    restarts = struct.unpack_from("<I", table, offset + size - 4)[0]
    end = offset + size - 4 * (restarts + 1)
    key = b""
    while offset < end:
        shared, offset = _varint(table, offset)
        fresh, offset = _varint(table, offset)
        length, offset = _varint(table, offset)
        key = key[:shared] + table[offset : offset + fresh]
        offset += fresh
        yield key, table[offset : offset + length]
        offset += length


def _block_handle(buffer: bytes, at: int) -> tuple[int, int, int]:
    offset, at = _varint(buffer, at)
    size, at = _varint(buffer, at)
    return offset, size, at


def _bundle_entry(message: bytes) -> tuple[int, tuple[int, ...], int, int]:
    """(dtype, shape, offset, size) of a BundleEntryProto; protobuf leaves out fields that are zero."""
    dtype, shape, offset, size = 0, (), 0, 0
    for field, value in _fields(message):
        if field == 1:
            dtype = value
        elif field == 2:  # TensorShapeProto: field 2 is a dimension, its field 1 the size
            dims = [dict(_fields(dim)) for number, dim in _fields(value) if number == 2]
            shape = tuple(dim.get(1, 0) for dim in dims)
        elif field == 4:
            offset = value
        elif field == 5:
            size = value
    return dtype, shape, offset, size


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """(field number, value) of a protobuf message: an int, or bytes where the field has a length."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
        elif kind == _BYTES:
            length, at = _varint(message, at)
            value, at = message[at : at + length], at + length
        elif kind in (_FIXED32, _FIXED64):
            width = 4 if kind == _FIXED32 else 8
            value, at = int.from_bytes(message[at : at + width], "little"), at + width
        else:
            raise ModelError(f"The checkpoint index holds a protobuf field of unknown wire type {kind}.")
        yield tag >> 3, value


def _varint(buffer: bytes, at: int) -> tuple[int, int]:
    """A base-128 number, low digits first, and the place after it."""
    value = shift = 0
    while True:
        byte = buffer[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
