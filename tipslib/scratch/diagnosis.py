"""Diagnosis: what the numbers inside a network say about its health."""

import numpy as np


def dead_units(a: np.ndarray) -> np.ndarray:
    """Which ReLU units are dead on these data: bool [M], True where a unit outputs 0 for every row of a [N, M].

    A dead unit's gradient is 0 for every example, so the weights into it never change again.
    Raises: ValueError unless a has two axes and at least one row.
    Source: L "ReLU" (All the weights connected to this neuron will not update); K "dead ReLU".
    """
    if a.ndim != 2 or len(a) == 0:
        raise ValueError(f"dead_units wants activations of shape [N, M] with N ≥ 1, got {a.shape}")
    return (a == 0).all(axis=0)
