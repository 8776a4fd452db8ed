"""A sample class for the assignment `activations`: fourteen students, right, wrong and unlucky.

``submissions(release)`` fills in the released notebook for each of them. ``EXPECTED`` says what the autograder must
make of it, and is kept as data so that a test can hold the grading to it.
"""

import copy

import nbformat
from nbformat.v4 import new_code_cell

# A right solution of every function, by the grade_id of its cell; the students below change some of them.
VECTORISED = {
    "sigmoid": """
def sigmoid(z):
    positive = 1 / (1 + np.exp(-np.maximum(z, 0)))
    e = np.exp(np.minimum(z, 0))
    return np.where(z >= 0, positive, e / (1 + e))
""",
    "sigmoid-backward": """
def sigmoid_backward(da, z):
    s = sigmoid(z)
    return da * s * (1 - s)
""",
    "relu": """
def relu(z):
    return np.maximum(0, z)
""",
    "relu-backward": """
def relu_backward(da, z):
    return np.where(z > 0, da, 0)
""",
    "leaky-relu": """
def leaky_relu(z, alpha=0.01):
    return np.maximum(alpha * z, z)
""",
    "leaky-relu-backward": """
def leaky_relu_backward(da, z, alpha=0.01):
    return da * np.where(z > 0, 1, alpha)
""",
    "prelu-backward": """
def prelu_backward(da, z, alpha):
    dz = da * np.where(z > 0, 1, alpha)
    return dz, np.sum(da * z * (z < 0))
""",
    "error-signals": """
def error_signals(weights, zs, dC_da, act_backward):
    delta = act_backward(dC_da, zs[-1])
    deltas = [delta]
    for W, z in zip(reversed(weights[1:]), reversed(zs[:-1])):
        delta = act_backward(delta @ W, z)
        deltas.append(delta)
    deltas.reverse()
    return deltas
""",
    "weight-gradients": """
def weight_gradients(deltas, inputs):
    return [d.T @ a for d, a in zip(deltas, inputs)]
""",
    "dead-units": """
def dead_units(a):
    return (a == 0).all(axis=0)
""",
    "maxout": """
def maxout(x, W, b):
    z = np.array([x @ W[k] + b[k] for k in range(len(W))])
    return np.max(z, axis=0), np.argmax(z, axis=0)
""",
    "maxout-backward": """
def maxout_backward(da, x, W, winner):
    dz = np.array([da * (winner == k) for k in range(len(W))])
    dx = sum(dz[k] @ W[k].T for k in range(len(W)))
    dW = np.array([x.T @ dz[k] for k in range(len(W))])
    return dx, dW, dz.sum(axis=1)
""",
    "relu-as-maxout": """
def relu_as_maxout(w, b):
    return np.array([w, np.zeros_like(w)]), np.array([b, np.zeros_like(b)])
""",
}
ANSWERS = {
    "answer-a": """
$z_i^l$ changes $a_i^l$, and $a_i^l$ changes all $z_k^{l+1}$, so the chain rule needs a sum over k:
$\\delta_i^l = \\sigma'(z_i^l) \\sum_k w_{ki}^{l+1} \\delta_k^{l+1}$.
The sum is over the first index of W, which is the transpose. In rows it is `delta @ W`.
Only $z_i^l$ has $w_{ij}^l$ in it, so the weight gradient is $a_j^{l-1} \\delta_i^l$; for a batch `delta.T @ a`.
""",
    "answer-b": """
The slope of sign is 0, so all gradients are 0. The perceptron rule does not use a slope.
max(z, 0) has two linear pieces, one of them is 0. A max of lines is convex, a cosine is not.
""",
}


def student_01() -> dict:
    """Vectorises everything and answers both questions: full marks."""
    return VECTORISED | ANSWERS


def student_02() -> dict:
    """Thinks in loops over examples and entries, and uses the tools of plain Python: full marks."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "sigmoid": """
import math


def sigmoid(z):
    a = np.zeros(z.shape)
    for index in np.ndindex(z.shape):
        v = z[index]
        if v >= 0:
            a[index] = 1 / (1 + math.exp(-v))
        else:
            a[index] = math.exp(v) / (1 + math.exp(v))
    return a
""",
            "prelu-backward": """
def prelu_backward(da, z, alpha):
    dz = np.zeros(z.shape)
    dalpha = 0.0
    for index in np.ndindex(z.shape):
        if z[index] > 0:
            dz[index] = da[index]
        else:
            dz[index] = alpha * da[index]
            dalpha += z[index] * da[index]
    return dz, dalpha
""",
            "weight-gradients": """
def weight_gradients(deltas, inputs):
    gradients = []
    for layer in range(len(deltas)):
        gradient = np.zeros((deltas[layer].shape[1], inputs[layer].shape[1]))
        for n in range(len(deltas[layer])):
            gradient += np.outer(deltas[layer][n], inputs[layer][n])
        gradients.append(gradient)
    return gradients
""",
            "maxout-backward": """
def maxout_backward(da, x, W, winner):
    dx, dW, db = np.zeros(x.shape), np.zeros(W.shape), np.zeros((W.shape[0], W.shape[2]))
    for n in range(len(x)):
        for m in range(W.shape[2]):
            k = winner[n, m]
            dx[n] += da[n, m] * W[k, :, m]
            dW[k, :, m] += da[n, m] * x[n]
            db[k, m] += da[n, m]
    return dx, dW, db
""",
        }
    )


def student_03() -> dict:
    """Writes a class and helpers in cells of their own, and einsum; full marks, but leaves question B out."""
    return (
        VECTORISED
        | {"answer-a": ANSWERS["answer-a"]}
        | {
            "before relu": """
class Slope:
    def __init__(self, right, left):
        self.right, self.left = right, left

    def __call__(self, z):
        return np.where(z > 0, self.right, self.left)
""",
            "relu": """
def relu(z):
    return z * Slope(1, 0)(z)
""",
            "relu-backward": """
def relu_backward(da, z):
    return da * Slope(1, 0)(z)
""",
            "leaky-relu": """
def leaky_relu(z, alpha=0.01):
    return z * Slope(1, alpha)(z)
""",
            "leaky-relu-backward": """
def leaky_relu_backward(da, z, alpha=0.01):
    return da * Slope(1, alpha)(z)
""",
            "error-signals": """
def error_signals(weights, zs, dC_da, act_backward):
    if len(weights) == 1:
        return [act_backward(dC_da, zs[0])]
    later = error_signals(weights[1:], zs[1:], dC_da, act_backward)
    return [act_backward(np.einsum("nk,ki->ni", later[0], weights[1]), zs[0])] + later
""",
            "weight-gradients": """
def weight_gradients(deltas, inputs):
    return [np.einsum("ni,nj->ij", d, a) for d, a in zip(deltas, inputs)]
""",
            "before maxout": """
def pieces(x, W, b):
    return np.einsum("nd,kdm->knm", x, W) + b[:, None, :]
""",
            "maxout": """
def maxout(x, W, b):
    z = pieces(x, W, b)
    winner = z.argmax(axis=0)
    return np.take_along_axis(z, winner[None], axis=0)[0], winner
""",
            "maxout-backward": """
def maxout_backward(da, x, W, winner):
    dz = np.eye(len(W))[winner] * da[:, :, None]
    return np.einsum("nmk,kdm->nd", dz, W), np.einsum("nmk,nd->kdm", dz, x), dz.sum(axis=0).T
""",
        }
    )


def student_04() -> dict:
    """Takes z ≥ 0 in the derivatives, so z = 0 counts as active: loses the two kinks (2 + 2) and PReLU's dz (3)."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "relu-backward": """
def relu_backward(da, z):
    return da * (z >= 0)
""",
            "leaky-relu-backward": """
def leaky_relu_backward(da, z, alpha=0.01):
    return np.where(z >= 0, da, alpha * da)
""",
            "prelu-backward": """
def prelu_backward(da, z, alpha):
    return np.where(z >= 0, da, alpha * da), float(np.sum(da * z * (z < 0)))
""",
        }
    )


def student_05() -> dict:
    """Types the sigmoid as it stands in the lecture, and it overflows: loses sigmoid-extremes (3)."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "sigmoid": """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
""",
        }
    )


def student_06() -> dict:
    """Forgets that there is a batch: averages the weight gradients (5), and PReLU gets one α a column (4)."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "weight-gradients": """
def weight_gradients(deltas, inputs):
    return [d.T @ a / len(d) for d, a in zip(deltas, inputs)]
""",
            "prelu-backward": """
def prelu_backward(da, z, alpha):
    return da * np.where(z > 0, 1, alpha), np.sum(da * np.minimum(z, 0), axis=0)
""",
        }
    )


def student_07() -> dict:
    """Saves memory by writing into the inputs: relu (2), the slopes of relu (3 + 2) and of the leaky relu (3)."""
    return (
        VECTORISED
        | {"answer-b": ANSWERS["answer-b"]}
        | {
            "relu": """
def relu(z):
    z[z < 0] = 0
    return z
""",
            "relu-backward": """
def relu_backward(da, z):
    da[z <= 0] = 0
    return da
""",
            "leaky-relu": """
def leaky_relu(z, alpha=0.01):
    z[z < 0] *= alpha
    return z
""",
        }
    )


def student_08() -> dict:
    """Lets the last piece win a tie (3), and turns W in the wrong direction (6 + 4)."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "maxout": """
def maxout(x, W, b):
    a = x @ W[0] + b[0]
    winner = np.zeros(a.shape, dtype=int)
    for k in range(1, len(W)):
        z = x @ W[k] + b[k]
        winner[z >= a] = k
        a = np.maximum(a, z)
    return a, winner
""",
            "error-signals": """
def error_signals(weights, zs, dC_da, act_backward):
    deltas = [act_backward(dC_da, zs[-1])]
    for layer in range(len(weights) - 1, 0, -1):
        deltas.insert(0, act_backward(deltas[0] @ weights[layer].T, zs[layer - 1]))
    return deltas
""",
        }
    )


def student_09() -> dict:
    """Takes z for a in the slope of the sigmoid (3 + 2), and mixes up rows and columns in dead_units (2 + 2)."""
    return VECTORISED | {
        "sigmoid-backward": """
def sigmoid_backward(da, z):
    return da * z * (1 - z)
""",
        "dead-units": """
def dead_units(a):
    return np.all(a == 0, axis=1)
""",
    }


def student_10() -> dict:
    """Ran out of time after the ReLU family, parts 1 and 2: 6 + 5 + 2 + 5 + 3 + 4 + 7."""
    done = [name for name in VECTORISED if name.startswith(("sigmoid", "relu", "leaky", "prelu"))]
    return {name: VECTORISED[name] for name in done if name != "relu-as-maxout"}


def student_11() -> dict:
    """Is right, but relu warns on stderr at each call: full marks (nbgrader alone takes a warning for a failure)."""
    return (
        VECTORISED
        | ANSWERS
        | {
            "relu": """
import warnings


def relu(z):
    warnings.warn("relu: the gradient is 0 on the left")
    return np.maximum(z, 0)
""",
        }
    )


def student_12() -> dict:
    """Is right, but found a snippet that "restarts the kernel", in the first cell; all others are good."""
    return VECTORISED | {
        "before sigmoid": """
# start with a fresh kernel
import os

os._exit(0)
""",
    }


def student_13() -> None:
    """Never handed anything in."""


def student_14() -> dict:
    """Handed in the release as it was: 0 points."""
    return {}


STUDENTS = {
    f"student-{number:02}": student
    for number, student in enumerate(
        [
            student_01,
            student_02,
            student_03,
            student_04,
            student_05,
            student_06,
            student_07,
            student_08,
            student_09,
            student_10,
            student_11,
            student_12,
            student_13,
            student_14,
        ],
        start=1,
    )
}

# Status and automatic points, of 85; another 15 are for the two answers, graded by hand.
EXPECTED: dict[str, tuple[str, float | None]] = {
    "student-01": ("needs-manual-grading", 85.0),
    "student-02": ("needs-manual-grading", 85.0),
    "student-03": ("needs-manual-grading", 85.0),
    "student-04": ("needs-manual-grading", 78.0),
    "student-05": ("needs-manual-grading", 82.0),
    "student-06": ("needs-manual-grading", 76.0),
    "student-07": ("needs-manual-grading", 75.0),
    "student-08": ("needs-manual-grading", 72.0),
    "student-09": ("graded", 76.0),
    "student-10": ("graded", 32.0),
    "student-11": ("needs-manual-grading", 85.0),
    "student-12": ("graded", 85.0),
    "student-13": ("missing", None),
    "student-14": ("graded", 0.0),
}
# nbgrader alone gives these another score: any word on stderr is a failure there.
STOCK_DIFFERS = ["student-11"]
# It gives these none at all: a cell of theirs kills the kernel.
STOCK_FAILS = ["student-12"]


def submissions(release: nbformat.NotebookNode) -> dict[str, bytes | None]:
    """What each student hands in, from the released notebook: a notebook's bytes, or None for nothing.

    The same release gives the same bytes.
    """
    class_ = {}
    for name, student in STUDENTS.items():
        cells = student()
        class_[name] = None if cells is None else nbformat.writes(filled_in(release, cells)).encode()
    return class_


def filled_in(release: nbformat.NotebookNode, cells: dict[str, str]) -> nbformat.NotebookNode:
    """The release with the source of some cells replaced, by grade_id; "before X" adds a cell in front of X.

    Raises: KeyError for a cell that the release does not have.
    """
    notebook = copy.deepcopy(release)
    left = dict(cells)
    for cell in release.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id")
        index = next(i for i, c in enumerate(notebook.cells) if c.id == cell.id)
        if grade_id in left:
            notebook.cells[index].source = left.pop(grade_id).strip("\n")
        if f"before {grade_id}" in left:
            code = left.pop(f"before {grade_id}").strip("\n")
            notebook.cells.insert(index, new_code_cell(code, id=f"before-{grade_id}"))
    if left:
        raise KeyError(f"the release has no cells {sorted(left)}")
    return notebook
