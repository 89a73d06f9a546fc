"""Compiling a prepared synthesis with torch.compile, where that pays and works; else everything stays as it is.

It fuses the filters and the pointwise steps between the convolutions.
"""

import logging
import os
import shutil
import threading
from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor

from models.config import GeneratorConfig, NoiseMode
from models.network import Fast, Noise, Synthesis

_log = logging.getLogger(__name__)
_FEWEST_PIXELS = 1 << 28  # 4096 images of 256 pixels; docs/decisions/0005 has what was measured
_MOST_APART = 1 / 127.5  # a grey level

Call = Callable[[Tensor, Noise], Tensor]


def pays(config: GeneratorConfig, device: torch.device, images: int, noise_mode: str) -> bool:
    """Whether a job of so many images saves more time than compiling takes, on a machine that can compile.

    Measured on a CPU only, so a GPU computes without. Random noise is drawn between the steps, which then cannot be fused.
    """
    long_enough = images * config.resolution**2 >= _FEWEST_PIXELS
    return device.type == "cpu" and noise_mode != "random" and long_enough and has_compiler()


def has_compiler() -> bool:
    """Whether there is a C++ compiler and compiling is not switched off by torch's own TORCH_COMPILE_DISABLE=1."""
    if os.environ.get("TORCH_COMPILE_DISABLE", "0") != "0":
        return False
    return shutil.which(os.environ.get("CXX") or "g++") is not None


def compile_synthesis(synthesis: Synthesis) -> None:
    """Have a prepared synthesis compiled when it next computes; it stays so for later jobs."""
    if synthesis.prepared is not None and not isinstance(synthesis.prepared, Compiled):
        synthesis.prepared = Compiled(synthesis.prepared)


def _whole(call: Call) -> Call:
    """Compile in this process: its helpers would outlive a worker that is killed."""
    return cast("Call", torch.compile(call, dynamic=False, fullgraph=True, options={"compile_threads": 1}))


class Compiled:
    """A synthesis that is compiled for the batch size and noise it first sees; others are computed as before.

    The first batch is computed in both forms. Any failure to compile, and any value more than a grey level off, is logged
    and ends the attempt.
    """

    def __init__(self, plain: Fast, compiler: Callable[[Call], Call] = _whole) -> None:
        self.dtype, self.nbytes = plain.dtype, plain.nbytes
        self._plain, self._compiled = plain, compiler(plain)
        self._made_for: tuple[int, NoiseMode] | None = None
        self._given_up = False
        self._first = threading.Lock()

    def __call__(self, ws: Tensor, noise: Noise) -> Tensor:
        case = (len(ws), noise.mode)
        if self._made_for is None and noise.mode != "random":
            with self._first:
                if self._made_for is None and not self._given_up:
                    return self._try(ws, noise, case)
        return self._compiled(ws, noise) if case == self._made_for else self._plain(ws, noise)

    def _try(self, ws: Tensor, noise: Noise, case: tuple[int, NoiseMode]) -> Tensor:
        expected = self._plain(ws, noise)
        try:
            apart = float((self._compiled(ws, noise) - expected).abs().max())
        except Exception:  # noqa: BLE001 - whatever a compiler may raise; images come without it
            _log.warning("compiling failed; sampling goes on without", exc_info=True)
            apart = float("inf")
        if apart <= _MOST_APART:
            self._made_for = case
        else:
            self._given_up = True
            _log.warning("the compiled form is not used: %.3g apart", apart)
        return expected
