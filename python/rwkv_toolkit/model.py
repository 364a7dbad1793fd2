"""Models, and sequences on their way through them."""
from __future__ import annotations

import ctypes
import os
import threading
from ctypes import byref, c_char_p, c_float, c_size_t, c_uint32
from typing import TYPE_CHECKING, Callable, Dict, List, NamedTuple, Optional, Sequence as Many, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _library as lib

if TYPE_CHECKING:
    from .generation import Sampling

Path = Union[str, "os.PathLike[str]"]
Ids = Union[Many[int], NDArray[np.uint32]]


def ids_array(ids: Ids) -> NDArray[np.uint32]:
    """`ids` as the library takes them; OverflowError or ValueError for what is no id."""
    given = np.asarray(ids)
    if given.size and (given.dtype.kind not in "iu" or given.min() < 0 or given.max() > 0xFFFFFFFF):
        raise ValueError("ids are whole numbers from 0 to 4294967295")
    return np.ascontiguousarray(given, dtype=np.uint32).reshape(-1)


class Scores(NamedTuple):
    """Of each id, behind what goes before it."""

    log_prob: NDArray[np.float64]  # natural logarithm, by the model alone
    likeliest: NDArray[np.uint32]  # the id that the model finds likeliest there


_SCORE = np.dtype([("log_prob", np.float64), ("likeliest", np.uint32)], align=True)


class Model:
    """An RWKV model of any form that the toolkit reads. Immutable; shared freely between threads, of which each that
    evaluates gets `threads` threads (0: every core) and scratch memory of its own."""

    def __init__(self, path: Path, *, threads: int = 0, copy: bool = False, group_norm_eps: float = 0.0):
        options = lib.LoadOptions(access=1 if copy else 0, group_norm_eps=group_norm_eps, n_threads=threads)
        self._handle = lib.Handle(lib.call("rwkv_model_load", lib.path_bytes(path), byref(options)), "rwkv_model_free")
        self._info = lib.Info()
        lib.call("rwkv_model_info", self._handle.pointer, byref(self._info))
        self._threads, self._runners = threads, threading.local()

    version = property(lambda self: self._info.version.decode(), doc='"4", "5.2", "7" ...')
    n_layers = property(lambda self: self._info.n_layers)
    n_embd = property(lambda self: self._info.n_embd)
    n_vocab = property(lambda self: self._info.n_vocab, doc="ids are below this; a row of logits has as many floats")

    @property
    def warning(self) -> Optional[str]:
        """What is strange in the model and yet no failure."""
        warning = lib.LIB.rwkv_model_warning(self._handle.pointer)
        return warning.decode(errors="replace") if warning else None

    @property
    def parts(self) -> Dict[str, Tuple[int, ...]]:
        """Names and shapes of the parts of a layer's state."""
        parts = {}
        for index in range(self._info.n_parts):
            part = lib.Part()
            lib.call("rwkv_model_part", self._handle.pointer, index, byref(part))
            parts[part.name.decode()] = tuple(part.shape[: part.n_dims])
        return parts

    def sequence(self) -> "Sequence":
        """A sequence of no ids."""
        return Sequence(self, lib.call("rwkv_sequence_new", self._handle.pointer))

    def load_sequence(self, path: Path) -> "Sequence":
        """What Sequence.save() or `rwkv-generate --state-out` has written, or a tuned initial state."""
        return Sequence(self, lib.call("rwkv_sequence_load", self._handle.pointer, lib.path_bytes(path)))

    def eval(self, sequences: Many["Sequence"], ids: Optional[Many[Ids]] = None, *, want: int = lib.WANT_LAST) -> None:
        """Evaluates some sequences in the same passes over the weights, each behind its own `ids`; then the logits of what
        follows each are known."""
        arrays = [ids_array(i) for i in (ids if ids is not None else [()] * len(sequences))]
        items = (lib.Item * len(sequences))()
        for item, sequence, array in zip(items, sequences, arrays):
            item.sequence, item.ids, item.n_ids, item.want = sequence._own(self), array.ctypes.data, array.size, want
        self._run("rwkv_runner_eval", items)

    def score(self, sequences: Many["Sequence"], ids: Many[Ids]) -> List[Scores]:
        """Scores `ids` behind the sequences, which read them, in the same passes over the weights."""
        arrays = [ids_array(i) for i in ids]
        results = [np.empty(array.size, _SCORE) for array in arrays]
        items = (lib.ScoreItem * len(arrays))()
        for item, sequence, array, result in zip(items, sequences, arrays, results):
            item.sequence, item.ids, item.n_ids = sequence._own(self), array.ctypes.data, array.size
            item.scores = result.ctypes.data
        self._run("rwkv_runner_score", items)
        return [Scores(result["log_prob"], result["likeliest"]) for result in results]

    def cancel(self) -> None:
        """The calling thread's next evaluation ends early. (See rwkv_runner_cancel for other threads.)"""
        lib.LIB.rwkv_runner_cancel(self._runner())

    def _run(self, function: str, items: "ctypes.Array") -> None:
        if len(items):
            lib.call(function, self._runner(), items, len(items))

    def _runner(self) -> int:
        if not hasattr(self._runners, "handle"):
            pointer = lib.call("rwkv_runner_new", self._handle.pointer, self._threads)
            self._runners.handle = lib.Handle(pointer, "rwkv_runner_free")
        return self._runners.handle.pointer


class Sequence(lib.Handle):
    """A text on its way through a model: all that is needed to go on from it. Copies are independent. One thread at a time."""

    def __init__(self, model: Model, pointer: int):
        super().__init__(pointer, "rwkv_sequence_free")
        self.model = model

    def __len__(self) -> int:
        """Ids read and drawn so far."""
        return lib.LIB.rwkv_sequence_length(self.pointer)

    def copy(self) -> "Sequence":
        return Sequence(self.model, lib.call("rwkv_sequence_clone", self.pointer))

    def save(self, path: Path) -> None:
        """To be loaded by Model.load_sequence() or `rwkv-generate --state-in`."""
        lib.call("rwkv_sequence_save", self.pointer, lib.path_bytes(path))

    def read(self, ids: Ids) -> None:
        """Reads ids; no logits are computed."""
        self.model.eval([self], [ids], want=lib.WANT_NOTHING)

    def eval(self, ids: Ids = ()) -> NDArray[np.float32]:
        """Reads ids; returns the logits of what follows, as `logits` does."""
        self.model.eval([self], [ids])
        logits = self.logits
        assert logits is not None
        return logits

    def eval_all(self, ids: Ids) -> NDArray[np.float32]:
        """Reads ids; returns the logits after each of them, [ids, n_vocab], a new array."""
        array = ids_array(ids)
        logits = np.empty((array.size, self.model.n_vocab), np.float32)
        item = lib.Item(self._own(self.model), array.ctypes.data, array.size, lib.WANT_ALL, logits.ctypes.data, logits.size, 0)
        self.model._run("rwkv_runner_eval", (lib.Item * 1)(item))
        return logits

    @property
    def logits(self) -> Optional[NDArray[np.float32]]:
        """The logits of what follows, or None when they are not known. No copy: they may be changed before sample(), and what is
        evaluated next overwrites them."""
        address = lib.LIB.rwkv_sequence_logits(self.pointer)
        return self._view(address, (self.model.n_vocab,)) if address else None

    @property
    def pending(self) -> Optional[int]:
        """The last id, when the state has not taken it up yet."""
        id_ = c_uint32()
        return id_.value if lib.LIB.rwkv_sequence_pending(self.pointer, byref(id_)) else None

    def state(self, layer: int, part: str) -> NDArray[np.float32]:
        """A part of a layer's state, without the pending id (settle() leaves none). No copy: it may be written to."""
        n = c_size_t()
        address = lib.call("rwkv_sequence_floats", self.pointer, layer, part.encode(), byref(n))
        return self._view(address, self.model.parts[part])

    def settle(self) -> None:
        """The state takes up the pending id; what follows is not known afterwards."""
        self.model.eval([self], want=lib.WANT_STATE)

    def sample(self, sampling: Optional["Sampling"] = None) -> int:
        """Draws what follows, whose logits must be known, and appends it, unless it is one of the sampling's stop ids."""
        id_ = c_uint32()
        struct = None if sampling is None else byref(sampling.struct)
        lib.call("rwkv_sequence_sample", self.pointer, struct, byref(id_))
        return id_.value

    def _own(self, model: Model) -> int:
        if self.model is not model:
            raise ValueError("the sequence is of another model")
        return self.pointer

    def _view(self, address: int, shape: Tuple[int, ...]) -> NDArray[np.float32]:
        floats = (c_float * int(np.prod(shape))).from_address(address)
        floats.owner = self  # the array keeps the sequence alive
        return np.frombuffer(floats, np.float32).reshape(shape)


def convert(source: Path, target: Path, *, dtype: Optional[str] = None, layout: Optional[str] = None,
            activations: Optional[str] = None, threads: int = 0,
            progress: Optional[Callable[[int, int], None]] = None) -> None:
    """Writes any checkpoint as safetensors, as `rwkv-convert` does. `progress(done_bytes, total_bytes)` may raise to stop it."""
    raised: List[BaseException] = []

    def report(done: int, total: int, _: object) -> int:
        try:
            if progress is not None:
                progress(done, total)
        except BaseException as error:  # pylint: disable=broad-except
            raised.append(error)
        return len(raised)

    options = lib.ConvertOptions(dtype=c_char_p(dtype.encode() if dtype else None),
                                 layout=c_char_p(layout.encode() if layout else None),
                                 activations=c_char_p(activations.encode() if activations else None), n_threads=threads,
                                 progress=lib.PROGRESS(report))
    try:
        lib.call("rwkv_convert", lib.path_bytes(source), lib.path_bytes(target), byref(options))
    except lib.RwkvError:
        if raised:
            raise raised[0] from None
        raise
