"""Early stopping: the same class serves both twins."""

from tipslib.scratch.earlystopping import EarlyStopping

__all__ = ["EarlyStopping"]
