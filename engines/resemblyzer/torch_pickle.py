"""Read a torch checkpoint of the old format (before torch 1.6, not a zip) without torch.

The format, as torch/serialization.py (`_legacy_load`) reads it: four pickles one after another (magic
number, protocol version, byte order and type sizes, the object), a fifth with the sorted storage keys, then
for each key an int64 element count and the raw little-endian elements. Tensors are views of storages.

A pickle can call anything that it names. This reader knows the three names that tensors need and refuses
all others, so that a weights file holds numbers and can do nothing.
"""

import io
import pickle
import struct
from collections import OrderedDict
from pathlib import Path

import numpy as np

from pipeline.errors import ModelError

MAGIC = 0x1950A86A20F9469CFC6C
PROTOCOL = 1001
# What a pickle of the wrong shape makes `pickle` and this reader raise.
_BAD_CONTENT = (
    *(pickle.UnpicklingError, EOFError, struct.error, OverflowError),
    *(ValueError, LookupError, TypeError, AttributeError),
)


def load(path: Path):
    """The object in the checkpoint, its tensors as float32 arrays; tensors of one storage share memory.

    Raises ModelError where the file is not of this format, names anything but tensors, or is cut short.
    """
    with open(path, "rb") as stream:
        try:
            return _load(stream, path)
        except _BAD_CONTENT as error:
            raise ModelError(f"{path} is not a torch checkpoint of the old format: {error}") from error


def _load(stream: io.BufferedReader, path: Path):
    file_size = path.stat().st_size
    magic, protocol, system = (_Unpickler(stream, 0).load() for _ in range(3))
    if magic != MAGIC or protocol != PROTOCOL or not system["little_endian"]:
        raise ValueError(f"it starts with {magic!r}, {protocol!r}, expected {MAGIC}, {PROTOCOL}.")
    reader = _Unpickler(stream, file_size)
    content = reader.load()
    keys = _Unpickler(stream, 0).load()
    if sorted(keys) != sorted(reader.storages):
        raise ValueError("the list of storages is not that of the tensors.")
    for key in keys:
        storage = reader.storages[key]
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storage.size or stream.readinto(storage) != storage.nbytes:
            raise ValueError(f"storage {key} should hold {storage.size} numbers and does not.")
    return content


class _Unpickler(pickle.Unpickler):
    """Builds tensors as views of storages (at most `limit` bytes each), filled once the pickle is read."""

    def __init__(self, stream: io.BufferedReader, limit: int):
        super().__init__(stream)
        self.limit = limit
        self.storages: dict[str, np.ndarray] = {}

    def find_class(self, module: str, name: str):
        allowed = {
            "collections.OrderedDict": OrderedDict,
            "torch.FloatStorage": np.dtype("<f4"),
            "torch._utils._rebuild_tensor_v2": _tensor,
        }
        if (full := f"{module}.{name}") not in allowed:
            raise pickle.UnpicklingError(f"it names {full}, and only tensors are allowed.")
        return allowed[full]

    def persistent_load(self, reference: tuple) -> np.ndarray:
        kind, dtype, key, _device, count, view = reference
        if kind != "storage" or not isinstance(dtype, np.dtype) or view is not None:
            raise pickle.UnpicklingError(f"{reference!r} is not a plain float32 storage.")
        if key not in self.storages:
            # A count larger than the file is a lie: refuse it before memory is asked for.
            if not 0 <= count <= self.limit // dtype.itemsize:
                raise pickle.UnpicklingError(f"storage {key} claims {count} numbers in {self.limit} bytes.")
            self.storages[key] = np.empty(count, dtype)
        return self.storages[key]


def _tensor(storage: np.ndarray, offset: int, shape: tuple, strides: tuple, *_gradient) -> np.ndarray:
    """The view of `storage` from element `offset`, `strides` in elements; torch._utils._rebuild_tensor_v2."""
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if offset < 0 or min((*shape, *strides), default=0) < 0 or last >= storage.size:
        raise pickle.UnpicklingError(f"a tensor of shape {shape} at {offset} leaves its storage.")
    strides = tuple(stride * storage.itemsize for stride in strides)
    return np.ndarray(shape, storage.dtype, storage, offset * storage.itemsize, strides)
