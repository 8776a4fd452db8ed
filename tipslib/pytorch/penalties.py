"""Penalties: scalars to add to the loss before ``backward``; autograd finds their gradients."""

from collections.abc import Mapping

import torch


def l2_penalty(weights: Mapping[str, torch.Tensor], lam: float) -> torch.Tensor:
    """λ ½‖θ‖² over all ``weights``. Source: L "Weight Decay"; C "Smoothness through weight constraints"."""
    return lam / 2 * torch.stack([(w**2).sum() for w in weights.values()]).sum()


def l1_penalty(weights: Mapping[str, torch.Tensor], lam: float) -> torch.Tensor:
    """λ Σ abs(w) over all ``weights``. Source: C "Regularization.."."""
    return lam * torch.stack([w.abs().sum() for w in weights.values()]).sum()


def activity_l1(a: torch.Tensor, lam: float) -> torch.Tensor:
    """λ/N Σ abs(a) over activations a [N, …]. Source: C "Regularization.." (L1 regularization of activations)."""
    return lam / len(a) * a.abs().sum()
