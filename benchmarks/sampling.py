"""How fast are our networks beside the straightforward form, with the same weights? `python benchmarks/sampling.py`

Both run in turn in this process, and each ratio is of two neighbouring runs; the table gives the medians. Peak memory is that of a
process of its own for each. Prints rows for docs/benchmarks.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from torch import Tensor

from benchmarks.fused import fused
from models.config import GeneratorConfig
from models.network import Generator
from models.prepared import prepare
from models.sample import to_pixels

CASES = ((64, 1), (64, 4), (256, 1), (256, 4), (512, 1), (256, 1, 32768), (256, 4, 32768))


def made(resolution: int, channel_base: int) -> Generator:
    """A generator with random weights, its noise switched on so that it costs what it costs."""
    torch.manual_seed(resolution)
    config = GeneratorConfig(resolution, channels=3, channel_base=channel_base, conv_clamp=256.0)
    generator = Generator(config)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.1)
    return prepare(generator.eval().requires_grad_(requires_grad=False))


def usual(resolution: int) -> int:
    """The channel_base of the trainer's configurations auto and paper256: half as many channels below 512 pixels."""
    return 32768 if resolution >= 512 else 16384


def forms(resolution: int, batch: int, channel_base: int) -> dict[str, Callable[[], Tensor]]:
    generator = made(resolution, channel_base)
    state = {name: tensor.contiguous() for name, tensor in generator.state_dict().items()}
    z = torch.randn(batch, generator.config.z_dim)

    def ours() -> Tensor:
        with torch.inference_mode():
            return generator(z)

    return {"ours": ours, "fused": lambda: fused(state, generator.config, z)}


def compare(rounds: int, resolution: int, batch: int, channel_base: int) -> str:
    two = forms(resolution, batch, channel_base)
    first, second = (to_pixels(form()).short() for form in two.values())  # also warms both up
    levels = int((first - second).abs().max())
    ratios, worked, seconds = [], [], []
    for _ in range(rounds):
        took = {name: _timed(form) for name, form in two.items()}
        ratios.append(took["fused"][0] / took["ours"][0])
        worked.append(took["fused"][1] / took["ours"][1])
        seconds.append(took["ours"][0])
    memory = {name: _peak(name, resolution, batch, channel_base) for name in two}
    pace = batch / statistics.median(seconds)
    return (
        f"| {resolution} px, channel_base {channel_base}, batch {batch} | ×{statistics.median(ratios):.2f} | {min(ratios):.2f} to {max(ratios):.2f} "
        f"| ×{statistics.median(worked):.2f} | {pace:.2f} img/s | {memory['ours']} / {memory['fused']} MB | {levels} |"
    )


def _timed(form: Callable[[], Tensor]) -> tuple[float, float]:
    """Seconds by the clock, and seconds of all threads' work, which others on the machine disturb less."""
    start, work = time.perf_counter(), time.process_time()
    form()
    return time.perf_counter() - start, time.process_time() - work


def _peak(name: str, *case: int) -> int:
    """Peak resident memory in MB of a process that computes one batch."""
    command = [sys.executable, __file__, "--peak", name, "--case", ",".join(map(str, case))]
    told = subprocess.run(command, check=True, capture_output=True, text=True)
    return int(json.loads(told.stdout))


def _high_water() -> int:
    """Peak resident memory in MB; getrusage would count that of the process that this one was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--case", action="append", metavar="RESOLUTION,BATCH[,CHANNEL_BASE]")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peak", choices=("ours", "fused"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    given = [tuple(map(int, case.split(","))) for case in asked.case] if asked.case else CASES
    cases = [case if len(case) > 2 else (*case, usual(case[0])) for case in given]
    if asked.peak:
        forms(*cases[0])[asked.peak]()
        print(_high_water())
        return
    print(
        f"torch {torch.__version__}, {asked.threads} threads, {asked.rounds} rounds, weights random, float32"
    )
    print(
        "| case | ours, times as fast | lowest to highest | by processor time | ours | peak memory, ours / straightforward | grey levels apart |"
    )
    print("|---|---|---|---|---|---|---|")
    for case in cases:
        print(compare(asked.rounds, *case), flush=True)


if __name__ == "__main__":
    main()
