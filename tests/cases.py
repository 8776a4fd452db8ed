"""All parity cases together; tests/parity.py says what a case is."""

from tests import parity, parity_more, parity_optimizers, parity_regularization

LAYERS = [*parity.LAYERS, *parity_more.LAYERS, *parity_regularization.LAYERS]
LOSSES = [*parity.LOSSES, *parity_more.LOSSES]
OPTIMIZERS = [*parity.OPTIMIZERS, *parity_optimizers.OPTIMIZERS]

COVERED = {case.name for case in (*LAYERS, *LOSSES, *OPTIMIZERS)}

# Names of the catalog without a case, and what tests them instead.
NO_CASE = parity.NO_CASE | parity_more.NO_CASE | parity_regularization.NO_CASE
