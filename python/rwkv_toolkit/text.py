"""Text to ids and back."""
from __future__ import annotations

import ctypes
import json
from ctypes import byref, c_char_p, c_int, c_size_t, c_void_p
from typing import Iterable, List, Mapping, Optional, Tuple, Union

import numpy as np
from numpy.typing import NDArray

from . import _library as lib
from .model import Ids, Model, Path, ids_array


class Tokenizer:
    """A World vocabulary or a Hugging Face tokenizer.json. Immutable; shared freely between threads."""

    def __init__(self, path: Path, model: Optional[Model] = None):
        """With a model: RwkvError unless it can have been trained with this vocabulary."""
        model_pointer = model._handle.pointer if model is not None else None
        self._handle = lib.Handle(lib.call("rwkv_vocab_load", lib.path_bytes(path), model_pointer), "rwkv_vocab_free")

    def __len__(self) -> int:
        """The highest id + 1."""
        return lib.LIB.rwkv_vocab_size(self._handle.pointer)

    def encode(self, text: Union[str, bytes]) -> NDArray[np.uint32]:
        data = text.encode() if isinstance(text, str) else text
        ids = np.empty(len(data) + 1, np.uint32)
        n = c_size_t()
        while lib.call("rwkv_vocab_encode", self._handle.pointer, data, len(data), ids.ctypes.data, ids.size, byref(n),
                       allowed=(lib.TOO_SMALL,)) != lib.OK:
            ids = np.empty(n.value, np.uint32)
        return ids[: n.value].copy()

    def decode(self, ids: Ids) -> str:
        """The text of ids; what is not UTF-8 becomes U+FFFD."""
        return self.decode_bytes(ids).decode(errors="replace")

    def decode_bytes(self, ids: Ids) -> bytes:
        array = ids_array(ids)
        return _filled(8 * array.size, lambda *out: lib.call("rwkv_vocab_decode", self._handle.pointer, array.ctypes.data,
                                                            array.size, *out, allowed=(lib.TOO_SMALL,)))

    def bytes_of(self, id_: int) -> bytes:
        """The bytes of one id, which may be a part of a character."""
        data, n = c_void_p(), c_size_t()
        lib.call("rwkv_vocab_bytes", self._handle.pointer, id_, byref(data), byref(n))
        return ctypes.string_at(data, n.value)


class Stream(lib.Handle):
    """Ids as they are drawn, to text in whole characters that ends in front of a stop text."""

    def __init__(self, tokenizer: Tokenizer, stops: Iterable[str] = ()):
        texts = [stop.encode() for stop in stops]
        array = (c_char_p * len(texts))(*texts)
        super().__init__(lib.call("rwkv_stream_new", tokenizer._handle.pointer, array, len(texts)), "rwkv_stream_free")

    def add(self, id_: int) -> Tuple[str, bool]:
        """What may be shown by now, and whether a stop text has ended the stream."""
        text, n, stopped = c_void_p(), c_size_t(), c_int()
        lib.call("rwkv_stream_add", self.pointer, id_, byref(text), byref(n), byref(stopped))
        return ctypes.string_at(text, n.value).decode(errors="replace"), bool(stopped.value)

    def finish(self) -> str:
        """What was held back."""
        text, n = c_void_p(), c_size_t()
        lib.call("rwkv_stream_finish", self.pointer, byref(text), byref(n))
        return ctypes.string_at(text, n.value).decode(errors="replace")


def chat_prompt(template: str, messages: List[Mapping[str, str]]) -> str:
    """The prompt for a chat of {"role", "content"}, as `rwkv-tokenize --template` makes it."""
    data = json.dumps(messages).encode()
    return _filled(len(data) + 64, lambda *out: lib.call("rwkv_chat_prompt", template.encode(), data, len(data), *out,
                                                        allowed=(lib.TOO_SMALL,))).decode()


def _filled(size: int, fill) -> bytes:
    """fill(buffer, capacity, &n), again with a larger buffer when it says so."""
    n = c_size_t(size)
    while True:
        buffer = ctypes.create_string_buffer(max(1, n.value))
        if fill(ctypes.addressof(buffer), len(buffer), byref(n)) == lib.OK:
            return buffer.raw[: n.value]
