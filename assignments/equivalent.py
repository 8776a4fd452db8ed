"""Mutants of the solutions that no right check can kill, with the reason: for tools/mutants.py.

By assignment; a key says the function, the code of the solution and what it becomes.
"""

ROWS = "one row for each example in both"
PIECES = "one entry for each piece in both"
UNIFORM = "a uniform draw lies between the two limits once in 1e9 times, or never"
CENTRED = "the other factor is centred, its columns sum to 0: a constant added to this one drops out of the product"
SIGNS = "a column of an orthogonal matrix may have either sign"
SQUARE = "at n = m both the matrix and its transpose are orthogonal, and n and m are whole numbers"
WHOLE = "whole numbers on both sides"
ZERO = "v is a zero of any shape, as the first λv + ... broadcasts it"

EQUIVALENT = {
    "activations": {
        "sigmoid: z >= 0 -> z > 0": "at z = 0 both branches give 1/2",
        "leaky_relu: z > 0 -> z >= 0": "at z = 0 both branches give 0",
        "maxout_backward: da.shape[1] -> winner.shape[1]": "da and winner have the same shape",
        "maxout_backward: len(W) -> len(dW) #2": PIECES,
        "maxout_backward: len(W) -> len(db) #2": PIECES,
        "error_signals: len(weights) -> len(zs)": "one weight matrix and one z for each layer",
        "weight_gradients: zip(deltas, inputs, strict=True) -> zip(deltas, inputs)": "both lists have L entries",
        "weight_gradients: zip(deltas, inputs, strict=True) -> zip(deltas, inputs, strict=False)": "as above",
    },
    "softmax": {
        "cross_entropy: len(z) -> len(r)": ROWS,
        "cross_entropy: len(z) -> len(shifted)": ROWS,
        "cross_entropy: len(z) -> len(log_y)": ROWS,
        "cross_entropy_backward: len(z) -> len(r)": ROWS,
        "cross_entropy_backward: len(z) -> len(dz)": ROWS,
        "cross_entropy_backward: len(z) -> len(r) #2": ROWS,
        "cross_entropy_backward: len(z) -> len(dz) #2": ROWS,
        "soft_cross_entropy_backward: len(z) -> len(d)": ROWS,
        "one_hot: r.min() < 0 -> r.min() < 0 - 1e-09": WHOLE,
        "one_hot: r.max() >= classes -> r.max() >= classes - 1e-09": WHOLE,
        "l2_sigmoid_backward: z >= 0 -> z > 0": "at z = 0 both branches give 1/2",
        "kl_divergence: len(d) -> len(y)": ROWS,
        "kl_divergence: len(d) -> len(some)": ROWS,
    },
    "momentum": {
        "velocity: gradients[0] -> gradients[-1]": "only the shape is used, and it is the same",
        "gradient_weights: np.arange(T - 1, -1, -1.0) -> np.arange(T - 1, -1.0, -1)": "-1 and -1.0 are equal",
        "train: np.zeros_like(w) -> np.zeros_like(grad)": ZERO,
        "train: np.zeros_like(w) -> np.zeros_like(steps)": ZERO,
        "train: np.zeros_like(w) -> np.zeros_like(eta)": ZERO,
        "train: np.zeros_like(w) -> np.zeros_like(lam)": ZERO,
        "train: np.zeros_like(w) -> np.zeros_like(nesterov)": ZERO,
    },
    "initialization": {
        "standardize: std > 0 -> std > 0 + 1e-09": "nearly constant columns are outside the contract",
        "whiten: x - mean -> x + mean": CENTRED,
        "whiten: x - mean -> x": CENTRED,
        "whiten: x - mean -> x - eps": CENTRED,
        "whiten: x - mean -> x + mean #2": CENTRED,
        "whiten: x - mean -> x #2": CENTRED,
        "whiten: x - mean -> x - eps #2": CENTRED,
        "orthogonal: q = q * np.sign(np.diag(r)) -> pass": SIGNS,
        "orthogonal: q * np.sign(np.diag(r)) -> q / np.sign(np.diag(r))": "to divide by 1 or -1 is to multiply by it",
        "orthogonal: q * np.sign(np.diag(r)) -> q": SIGNS,
        "orthogonal: np.diag(r) -> np.diag(q)": SIGNS,
        "orthogonal: n >= m -> n > m": SQUARE,
        "orthogonal: n >= m -> n >= m + 1e-09": SQUARE,
        "orthogonal: n >= m -> n >= m - 1e-09": SQUARE,
    },
    "batchnorm": {
        "batchnorm_forward: z - mean -> mean - z": "it is squared",
        "batchnorm_backward: len(z) -> len(dout)": ROWS,
        "batchnorm_backward: len(z) -> len(du)": ROWS,
        "batchnorm_backward: len(z) -> len(dout) #2": ROWS,
        "batchnorm_backward: len(z) -> len(du) #2": ROWS,
        "inference_statistics: batches[0] -> batches[-1]": "all batches have the same size",
        "identity_parameters: mean.copy() -> mean": "a result may share memory with an input",
    },
    "dropout": {
        "dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) > p": UNIFORM,
        "dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) >= p + 1e-09": UNIFORM,
        "dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) >= p - 1e-09": UNIFORM,
        "inverted_dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) > p": UNIFORM,
        "inverted_dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) >= p + 1e-09": UNIFORM,
        "inverted_dropout_forward: rng.random(a.shape) >= p -> rng.random(a.shape) >= p - 1e-09": UNIFORM,
        "subnetwork_average: len(mask) -> len(W)": "one entry of the mask for each input",
    },
    "babysitting": {
        "numerical_gradient: np.zeros(x.shape) -> np.ones(x.shape)": "every entry is written",
        "numerical_gradient: np.ndindex(x.shape) -> np.ndindex(moved.shape)": "moved has the shape of x",
        "numerical_gradient: np.ndindex(x.shape) -> np.ndindex(gradient.shape)": "gradient has the shape of x",
        "numerical_gradient: x[index] -> moved[index]": "at the start of a turn moved equals x",
        "relative_error: a - b -> b - a": "the absolute value is taken",
        "clip_gradient: np.clip(g, -threshold, threshold) -> np.clip(-threshold, g, threshold)": (
            "min(max(-t, g), t), with the limits -t < t in either place"
        ),
        (
            "early_stopping: for epoch, loss in enumerate(val_losses): -> "
            "for epoch, loss in list(enumerate(val_losses))[1:]:"
        ): "epoch 0 is the best one from the start, and no patience is over there",
        "early_stopping: epoch - best >= patience -> epoch - best >= patience - 1e-09": WHOLE,
        "early_stopping: len(val_losses) -> len(val_losses.T)": "val_losses has one axis",
    },
}
