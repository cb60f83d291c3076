"""The reader of old torch checkpoints: reads tensors, refuses everything else."""

import io
import os
import pickle
import struct

import numpy as np
import pytest

from engines.resemblyzer import torch_pickle
from install import weights
from pipeline.errors import ModelError

SYSTEM = {"protocol_version": torch_pickle.PROTOCOL, "little_endian": True, "type_sizes": {}}


class _Named:
    """Pickled by reference as `module name`, called with `arguments` when the pickle is read."""

    def __init__(self, name: str, arguments: tuple):
        self.name, self.arguments = name, arguments


class _Storage:
    """Pickled as torch pickles a reference to a storage."""

    def __init__(self, key: str, count: int):
        self.reference = ("storage", "torch FloatStorage", key, "cpu", count, None)


class _Pickler(pickle._Pickler):
    """Writes names that do not exist here, as torch's pickler would write them. Protocol 2, as torch's."""

    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, _Named):
            self._global(thing.name)
            self.save(thing.arguments)
            self.write(pickle.REDUCE)
        elif isinstance(thing, _Storage):
            kind, dtype, *rest = thing.reference
            self.write(pickle.MARK)
            self.save(kind)
            self._global(dtype)
            for part in rest:
                self.save(part)
            self.write(pickle.TUPLE + pickle.BINPERSID)
        else:
            super().save(thing, save_persistent_id)

    def _global(self, name: str):
        module, attribute = name.split(" ")
        self.write(pickle.GLOBAL + f"{module}\n{attribute}\n".encode())


def checkpoint(content, storages: dict[str, np.ndarray], magic: int = torch_pickle.MAGIC) -> bytes:
    stream = io.BytesIO()
    for part in (magic, torch_pickle.PROTOCOL, SYSTEM, content, sorted(storages)):
        _Pickler(stream, 2).dump(part)
    for key in sorted(storages):
        stream.write(struct.pack("<q", storages[key].size) + storages[key].astype("<f4").tobytes())
    return stream.getvalue()


def tensor(key: str, count: int, offset: int, shape: tuple, strides: tuple) -> _Named:
    storage = _Storage(key, count)
    return _Named("torch._utils _rebuild_tensor_v2", (storage, offset, shape, strides, False, None))


@pytest.fixture
def load(tmp_path):
    def load_bytes(data: bytes):
        path = tmp_path / "weights.pt"
        path.write_bytes(data)
        return torch_pickle.load(path)

    return load_bytes


def test_tensors_are_views_of_their_storages(load):
    numbers = np.arange(12.0)
    whole = tensor("7", 12, 0, (3, 4), (4, 1))
    transposed = tensor("7", 12, 4, (4, 2), (1, 4))
    read = load(checkpoint({"step": 3, "whole": whole, "part": transposed}, {"7": numbers}))
    assert read["step"] == 3
    np.testing.assert_array_equal(read["whole"], numbers.reshape(3, 4))
    np.testing.assert_array_equal(read["part"], numbers.reshape(3, 4)[1:].T)
    assert np.shares_memory(read["whole"], read["part"])


@pytest.mark.parametrize(
    "name", ["os system", "builtins eval", "collections Counter", "torch DoubleStorage", "numpy dtype"]
)
def test_a_pickle_that_names_anything_else_is_refused(load, name):
    with pytest.raises(ModelError, match=f"it names {name.replace(' ', '.')}"):
        load(checkpoint({"weights": _Named(name, ("true",))}, {}))


def test_a_real_pickle_of_a_call_is_refused_and_not_called(load, tmp_path):
    class Attack:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "made"),)

    with pytest.raises(ModelError, match="mkdir"):
        load(pickle.dumps(Attack()))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (tensor("7", 12, 1, (3, 4), (4, 1)), "leaves its storage"),
        (tensor("7", 12, 0, (3, 4), (4, -1)), "leaves its storage"),
        (tensor("7", 2**40, 0, (1,), (1,)), "claims"),
        (tensor("8", 12, 0, (1,), (1,)), "list of storages"),
        (tensor("7", 11, 0, (1,), (1,)), "should hold 11"),
    ],
)
def test_tensors_that_do_not_fit_their_storage_are_refused(load, content, why):
    with pytest.raises(ModelError, match=why):
        load(checkpoint(content, {"7": np.arange(12.0)}))


def test_another_file_is_refused(load):
    with pytest.raises(ModelError, match="it starts with 5"):
        load(checkpoint({}, {}, magic=5))


def test_a_file_cut_short_anywhere_is_refused(load):
    whole = checkpoint({"w": tensor("7", 12, 0, (3, 4), (4, 1))}, {"7": np.arange(12.0)})
    for length in range(len(whole)):
        with pytest.raises(ModelError, match="weights.pt is not a torch checkpoint"):
            load(whole[:length])


def test_the_published_weights_have_the_shapes_of_the_network():
    try:
        path = weights.file("resemblyzer/pretrained.pt")
    except ModelError as error:
        pytest.skip(str(error))
    state = torch_pickle.load(path)["model_state"]
    assert state["lstm.weight_ih_l0"].shape == (1024, 40)
    assert state["lstm.weight_hh_l2"].shape == (1024, 256)
    assert state["linear.weight"].shape == (256, 256)
    assert all(np.isfinite(array).all() for array in state.values())
