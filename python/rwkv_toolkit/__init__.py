"""RWKV language models on a CPU: Model, Sequence, Tokenizer, generate(), batch() and score()."""
from ._library import LIB as _LIB
from ._library import RwkvError
from .model import Model, Sequence, Scores, convert
from .text import Tokenizer, chat_prompt
from .generation import Sampling, batch, generate, score

__version__ = _LIB.rwkv_version().decode()
__all__ = ["Model", "RwkvError", "Sampling", "Scores", "Sequence", "Tokenizer", "batch", "chat_prompt", "convert", "generate",
           "score"]
