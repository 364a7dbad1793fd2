"""librwkv by ctypes: what rwkv/rwkv.h declares, and nothing more."""
import ctypes
import os
import pathlib
from ctypes import (CFUNCTYPE, POINTER, Structure, byref, c_char, c_char_p, c_double, c_float, c_int, c_int32, c_size_t,
                    c_uint32, c_uint64, c_void_p)

OK, USAGE, IO, FORMAT, UNSUPPORTED, CANCELLED, MEMORY, TOO_SMALL, INTERNAL = range(9)
WANT_NOTHING, WANT_STATE, WANT_LAST, WANT_ALL = range(4)


class RwkvError(RuntimeError):
    """What the library refuses, in one line. `code` is one of this module's OK ... INTERNAL."""

    def __init__(self, code: int, message: str):
        super().__init__(message)
        self.code = code


class Error(Structure):
    _fields_ = [("code", c_int32), ("message", c_char * 508)]


class Sized(Structure):
    """A structure that begins with its size."""

    def __init__(self, **values):
        super().__init__(size=ctypes.sizeof(type(self)), **values)


class LoadOptions(Sized):
    _fields_ = [("size", c_size_t), ("access", c_int32), ("group_norm_eps", c_float), ("n_threads", c_size_t)]


class Info(Sized):
    _fields_ = [("size", c_size_t), ("version", c_char * 16)] + [
        (name, c_size_t) for name in ("n_layers", "n_embd", "n_att", "n_ffn", "n_vocab", "n_heads", "head_size", "n_parts",
                                      "n_state_floats")]


class Part(Sized):
    _fields_ = [("size", c_size_t), ("name", c_char_p), ("n_floats", c_size_t), ("n_dims", c_size_t), ("shape", c_size_t * 4),
                ("initial", c_float)]


class Item(Structure):
    _fields_ = [("sequence", c_void_p), ("ids", c_void_p), ("n_ids", c_size_t), ("want", c_int32), ("logits", c_void_p),
                ("capacity", c_size_t), ("n_read", c_size_t)]


class ScoreItem(Structure):
    _fields_ = [("sequence", c_void_p), ("ids", c_void_p), ("n_ids", c_size_t), ("scores", c_void_p)]


class SamplingStruct(Sized):
    _fields_ = [("size", c_size_t), ("temperature", c_double), ("top_k", c_uint64), ("top_p", c_double), ("min_p", c_double),
                ("presence", c_double), ("frequency", c_double), ("penalty_decay", c_double), ("seed", c_uint64),
                ("bias_ids", POINTER(c_uint32)), ("bias", POINTER(c_float)), ("n_bias", c_size_t),
                ("stop_ids", POINTER(c_uint32)), ("n_stop_ids", c_size_t), ("vocab", c_void_p), ("penalize_all", c_int32)]


PROGRESS = CFUNCTYPE(c_int, c_uint64, c_uint64, c_void_p)


class ConvertOptions(Sized):
    _fields_ = [("size", c_size_t), ("dtype", c_char_p), ("layout", c_char_p), ("n_threads", c_size_t), ("progress", PROGRESS),
                ("context", c_void_p), ("activations", c_char_p)]


def _places():
    if "RWKV_LIBRARY" in os.environ:
        yield os.environ["RWKV_LIBRARY"]
        return
    here = pathlib.Path(__file__).resolve().parent
    for path in (here / "librwkv.so.0", here.parent.parent / "build" / "lib" / "librwkv.so.0"):
        if path.exists():
            yield str(path)
    yield "librwkv.so.0"


def _open():
    failures = []
    for place in _places():
        try:
            return ctypes.CDLL(place)
        except OSError as error:
            failures.append(str(error))
    raise ImportError("rwkv_toolkit: no librwkv.so.0: " + "; ".join(failures) + ": set RWKV_LIBRARY to its path")


LIB = _open()

# Result and arguments of each function; those in CHECKED have an rwkv_error behind them.
_DECLARED = {
    "rwkv_version": (c_char_p,),
    "rwkv_target": (None, c_char_p, c_size_t),
    "rwkv_model_free": (None, c_void_p),
    "rwkv_model_warning": (c_char_p, c_void_p),
    "rwkv_sequence_free": (None, c_void_p),
    "rwkv_sequence_length": (c_uint64, c_void_p),
    "rwkv_sequence_pending": (c_int, c_void_p, POINTER(c_uint32)),
    "rwkv_sequence_logits": (c_void_p, c_void_p),
    "rwkv_runner_free": (None, c_void_p),
    "rwkv_runner_cancel": (None, c_void_p),
    "rwkv_vocab_free": (None, c_void_p),
    "rwkv_vocab_size": (c_size_t, c_void_p),
    "rwkv_stream_free": (None, c_void_p),
}
_CHECKED = {
    "rwkv_pin_target": (c_int, c_char_p),
    "rwkv_model_load": (c_void_p, c_char_p, POINTER(LoadOptions)),
    "rwkv_model_info": (c_int, c_void_p, POINTER(Info)),
    "rwkv_model_part": (c_int, c_void_p, c_size_t, POINTER(Part)),
    "rwkv_sequence_new": (c_void_p, c_void_p),
    "rwkv_sequence_load": (c_void_p, c_void_p, c_char_p),
    "rwkv_sequence_clone": (c_void_p, c_void_p),
    "rwkv_sequence_save": (c_int, c_void_p, c_char_p),
    "rwkv_sequence_floats": (c_void_p, c_void_p, c_size_t, c_char_p, POINTER(c_size_t)),
    "rwkv_sequence_sample": (c_int, c_void_p, POINTER(SamplingStruct), POINTER(c_uint32)),
    "rwkv_runner_new": (c_void_p, c_void_p, c_size_t),
    "rwkv_runner_eval": (c_int, c_void_p, POINTER(Item), c_size_t),
    "rwkv_runner_score": (c_int, c_void_p, POINTER(ScoreItem), c_size_t),
    "rwkv_vocab_load": (c_void_p, c_char_p, c_void_p),
    "rwkv_vocab_encode": (c_int, c_void_p, c_char_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)),
    "rwkv_vocab_decode": (c_int, c_void_p, c_void_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)),
    "rwkv_vocab_bytes": (c_int, c_void_p, c_uint32, POINTER(c_void_p), POINTER(c_size_t)),
    "rwkv_chat_prompt": (c_int, c_char_p, c_char_p, c_size_t, c_void_p, c_size_t, POINTER(c_size_t)),
    "rwkv_stream_new": (c_void_p, c_void_p, POINTER(c_char_p), c_size_t),
    "rwkv_stream_add": (c_int, c_void_p, c_uint32, POINTER(c_void_p), POINTER(c_size_t), POINTER(c_int)),
    "rwkv_stream_finish": (c_int, c_void_p, POINTER(c_void_p), POINTER(c_size_t)),
    "rwkv_convert": (c_int, c_char_p, c_char_p, POINTER(ConvertOptions)),
}
for _name, (_result, *_arguments) in _DECLARED.items():
    getattr(LIB, _name).restype, getattr(LIB, _name).argtypes = _result, _arguments
for _name, (_result, *_arguments) in _CHECKED.items():
    getattr(LIB, _name).restype, getattr(LIB, _name).argtypes = _result, [*_arguments, POINTER(Error)]


def call(name, *arguments, allowed=()):
    """Calls a function that may fail; RwkvError when it does, unless by an `allowed` code."""
    error = Error()
    result = getattr(LIB, name)(*arguments, byref(error))
    if error.code != OK and error.code not in allowed:
        raise RwkvError(error.code, error.message.decode(errors="replace"))
    return result


class Handle:
    """Owns what one of the library's functions made."""

    def __init__(self, pointer, free):
        self.pointer, self._free = pointer, getattr(LIB, free)

    def __del__(self):
        if getattr(self, "pointer", None):
            self._free(self.pointer)
            self.pointer = None


def path_bytes(path) -> bytes:
    return os.fsencode(os.fspath(path))
