"""Which blocks of a generator compute in half precision: those that the checkpoint names, where the device does so by itself."""

import torch

from models.config import GeneratorConfig

FULL = torch.float32


def half_type(device: torch.device, config: GeneratorConfig) -> torch.dtype | None:
    """The half precision that a device has natively and that a generator's features fit into; never one on a CPU.

    A CPU without such instructions takes a hundred times as long, and one with them gives other images than its neighbour.
    """
    if device.type != "cuda":
        return None
    return native_half(torch.cuda.get_device_capability(device), clamped=config.conv_clamp is not None)


def native_half(capability: tuple[int, int], *, clamped: bool) -> torch.dtype | None:
    """float16 (10 bits, up to 65504) from compute capability 7.0 on, where the features are clamped; else bfloat16 from 8.0 on."""
    if clamped and capability >= (7, 0):
        return torch.float16
    return torch.bfloat16 if capability >= (8, 0) else None


def block_types(
    config: GeneratorConfig, num_fp16_res: int, half: torch.dtype | None
) -> dict[int, torch.dtype]:
    """The type of each block by its resolution: `half` in the `num_fp16_res` highest ones, but never at 4 pixels."""
    first = max(2 * config.resolution >> num_fp16_res, 8)
    return {size: half if half and size >= first else FULL for size in config.resolutions}
