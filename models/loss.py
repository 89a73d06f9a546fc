"""The losses of StyleGAN2 training: non-saturating logistic loss, R1 and path-length penalties."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as nnf


def generator_loss(fake_logits: Tensor) -> Tensor:
    """−log σ(D(G(z))), averaged (Goodfellow et al. 2014, the non-saturating form)."""
    return nnf.softplus(-fake_logits).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """−log σ(D(x)) − log(1 − σ(D(G(z)))), averaged."""
    return nnf.softplus(-real_logits).mean() + nnf.softplus(fake_logits).mean()


def r1_penalty(discriminator: nn.Module, images: Tensor) -> Tensor:
    """‖∇ₓD(x)‖² of each real image, (N,) (Mescheder et al. 2018); differentiable in the discriminator's weights."""
    images = images.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    return gradient.square().sum(dim=(1, 2, 3))


def path_lengths(images: Tensor, ws: Tensor, rng: torch.Generator) -> Tensor:
    """‖Jᵀy‖ for y ~ N(0, 1/pixels), (N,): how far the image moves with w (Karras et al. 2020, equation 4)."""
    noise = torch.randn(images.shape, generator=rng).to(images) / math.sqrt(images.shape[2] * images.shape[3])
    (gradient,) = torch.autograd.grad((images * noise).sum(), ws, create_graph=True)
    return gradient.square().sum(dim=2).mean(dim=1).sqrt()
