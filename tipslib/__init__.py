"""tipslib: the techniques of the course "Tips for Training Deep Neural Networks".

``tipslib.scratch`` holds them in NumPy, forward and backward written out; ``tipslib.pytorch`` holds the same
names in PyTorch. Importing this package imports neither PyTorch nor matplotlib.
"""
