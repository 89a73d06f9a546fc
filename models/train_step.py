"""One step of training: the discriminator on a batch, the generator on the same synthetic images, the average."""

import torch
from torch import Tensor, nn

from models.augment import augment
from models.errors import TrainingRefused
from models.loss import discriminator_loss, generator_loss, path_lengths, r1_penalty
from models.train_config import TrainConfig
from models.train_run import PATH_EVERY, R1_EVERY, Run

ADAPT_EVERY = 4  # steps
MOST_AUGMENTED = 0.8  # beyond this probability the changes leak into what is generated


def step(run: Run) -> None:
    """Show the discriminator one batch of real images and one of synthetic, and train both networks on it."""
    config, counters = run.config, run.counters
    fake, ws = _synthesise(run)
    _train_discriminator(run, fake.detach())
    _train_generator(run, fake, ws)
    counters.steps += 1
    counters.shown += config.batch
    update_average(run.average, run.generator, _decay(config, counters.shown))
    if config.augment == "adaptive" and counters.steps % ADAPT_EVERY == 0:
        _adapt(run)


def _synthesise(run: Run) -> tuple[Tensor, Tensor]:
    config, mapping = run.config, run.generator.mapping
    w = mapping.one(torch.randn(config.batch, config.z_dim, generator=run.rng))
    mapping.w_avg.copy_(w.detach().mean(dim=0).lerp(mapping.w_avg, mapping.config.w_avg_beta))
    ws = w[:, None].repeat(1, mapping.config.num_ws, 1)
    if config.style_mixing:
        other = mapping(torch.randn(config.batch, config.z_dim, generator=run.rng))
        cut = torch.randint(1, mapping.config.num_ws, (config.batch, 1), generator=run.rng)
        mixed = torch.rand(config.batch, 1, generator=run.rng) < config.style_mixing
        late = torch.arange(mapping.config.num_ws)[None] >= cut
        ws = torch.where((mixed & late)[:, :, None], other, ws)
    return run.generator.synthesis(ws, noise_mode="random", noise=run.rng), ws


def _train_discriminator(run: Run, fake: Tensor) -> None:
    config, counters, p = run.config, run.counters, run.counters.augment_p
    real = augment(run.data.draw(config.batch, run.rng, xflip=config.xflip), p, run.rng)
    real_logits = run.discriminator(real)
    fake_logits = run.discriminator(augment(fake, p, run.rng))
    loss = discriminator_loss(real_logits, fake_logits)
    if not bool(loss.isfinite()):
        raise TrainingRefused(
            f"Training diverged after {counters.shown} images; lower the learning rate or raise R1."
        )
    whole = loss
    if config.r1_gamma and counters.steps % R1_EVERY == 0:
        # at the images the discriminator sees, augmented: bilinear resampling has no second derivative in torch
        penalty = r1_penalty(run.discriminator, real)
        whole = loss + penalty.mean() * (config.r1_gamma / 2 * R1_EVERY)
        run.statistics.add("Loss/r1_penalty", penalty)
        run.statistics.add("Loss/D/reg", penalty * (config.r1_gamma / 2))
    run.d_optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(whole)
    run.d_optimiser.step()
    signs = real_logits.detach().sign()
    counters.sign_sum += float(signs.sum())
    counters.sign_count += len(signs)
    for name, values in (("real", real_logits), ("fake", fake_logits)):
        run.statistics.add(f"Loss/scores/{name}", values)
        run.statistics.add(f"Loss/signs/{name}", values.sign())
    run.statistics.add("Loss/D/loss", loss)


def _train_generator(run: Run, fake: Tensor, ws: Tensor) -> None:
    config, counters = run.config, run.counters
    run.discriminator.requires_grad_(requires_grad=False)
    loss = generator_loss(run.discriminator(augment(fake, counters.augment_p, run.rng)))
    whole = loss
    if config.path_weight and counters.steps % PATH_EVERY == 0:
        lengths = path_lengths(fake, ws, run.rng)
        counters.path_mean += 0.01 * (float(lengths.detach().mean()) - counters.path_mean)
        penalty = (lengths - counters.path_mean).square()
        whole = loss + penalty.mean() * (config.path_weight * PATH_EVERY)
        run.statistics.add("Loss/pl_penalty", penalty)
        run.statistics.add("Loss/G/reg", penalty * config.path_weight)
    run.g_optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(whole)
    run.g_optimiser.step()
    run.discriminator.requires_grad_(requires_grad=True)
    run.statistics.add("Loss/G/loss", loss)


def _decay(config: TrainConfig, shown: int) -> float:
    """Give the average's decay a step: its half-life is ema_kimg, shorter at the start (5 % of the images shown)."""
    half_life = min(config.ema_kimg * 1000, 0.05 * shown)
    return float(0.5 ** (config.batch / max(half_life, 1e-8)))


@torch.no_grad()
def update_average(average: nn.Module, network: nn.Module, decay: float) -> None:
    """Move each averaged parameter to decay·average + (1 − decay)·current; buffers are copied."""
    for kept, current in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(current, 1 - decay)
    for buffer, newest in zip(average.buffers(), network.buffers(), strict=True):
        buffer.copy_(newest)


def _adapt(run: Run) -> None:
    """Raise the augmentation when the discriminator is too sure of real images, else lower it (Karras et al. 2020b)."""
    config, counters = run.config, run.counters
    surplus = counters.sign_sum / counters.sign_count - config.ada_target
    change = config.batch * ADAPT_EVERY / (config.ada_kimg * 1000)
    counters.augment_p = min(
        max(counters.augment_p + (change if surplus > 0 else -change), 0.0), MOST_AUGMENTED
    )
    counters.sign_sum, counters.sign_count = 0.0, 0
