"""The catalog: which technique of the syllabus stands where.

One row per technique: its id, the names of its code in ``tipslib.scratch`` and ``tipslib.pytorch``, the notebook
that teaches it, the assignment that grades it, and its source. Tests resolve every name.
"""

from dataclasses import dataclass
from importlib import import_module
from operator import attrgetter


@dataclass(frozen=True, kw_only=True)
class Technique:
    """One row of the syllabus.

    Attributes: ``id`` the lecture's letter and a number; ``title``; ``scratch`` names in ``tipslib.scratch``, such
    as "Linear" or "Layer.forward", empty where the technique is an experiment rather than code; ``pytorch`` names in
    ``tipslib.pytorch`` or full names in ``torch``, by default the same as ``scratch``, empty where PyTorch has no
    counterpart; ``notebook`` and ``assignment`` names without folder and suffix, ``assignment`` None where nothing
    is graded; ``source`` the lectures' letters and slide topics:
    L = NTU, Hung-yi Lee; C = CMU 11-785; K = Stanford CS231n, lecture 5; U = UMN CSCI 8980.
    """

    id: str
    title: str
    scratch: tuple[str, ...] = ()
    pytorch: tuple[str, ...] | None = None
    notebook: str
    assignment: str | None = None
    source: str

    def __post_init__(self) -> None:
        if self.pytorch is None:
            object.__setattr__(self, "pytorch", self.scratch)  # the class is frozen


def resolve(name: str, package: str) -> object:
    """The object that a name of the catalog stands for: in torch if it begins so, else in ``package``.

    Args: ``package`` "tipslib.scratch" or "tipslib.pytorch". Raises: AttributeError for a name it has not.
    """
    if name.startswith("torch."):
        package, _, name = name.partition(".")
    return attrgetter(name)(import_module(package))


CATALOG: tuple[Technique, ...] = (
    Technique(
        id="B1",
        title="forward and backward through a graph of gates",
        scratch=("Layer.forward", "Layer.backward"),
        pytorch=("Layer.forward", "torch.Tensor.backward"),
        notebook="00_backprop",
        assignment="activations",
        source='L "Review: Backpropagation"; K "Implementation: forward/backward API"',
    ),
    Technique(
        id="B2",
        title="the error signal δ, from layer to layer",
        scratch=("Sequential.backward",),
        pytorch=("torch.Tensor.backward",),
        notebook="00_backprop",
        assignment="activations",
        source='L "Review: Backpropagation"',
    ),
    Technique(
        id="B3",
        title="gradient checking",
        scratch=("gradient_check", "numerical_gradient", "relative_error"),
        pytorch=("torch.autograd.gradcheck",),
        notebook="00_backprop",
        assignment="babysitting",
        source='K "Overview" (gradient checking)',
    ),
    Technique(
        id="B4",
        title="perceptron rule and Adaline",
        scratch=("perceptron_update", "adaline_update", "Sign"),
        pytorch=("Sign",),
        notebook="00_backprop",
        source='K "A bit of history"; U "Is the sign() activation good for derivative-based optimization?"',
    ),
    Technique(
        id="B5",
        title="fully connected nets and the training loop",
        scratch=("Linear", "Sequential", "fit"),
        notebook="00_backprop",
        source='K "Neural Networks: Architectures", "Mini-batch SGD"',
    ),
    Technique(
        id="B6",
        title="a bit of history, 1957 to 2012",
        notebook="00_backprop",
        source='K "A bit of history"',
    ),
    Technique(
        id="B7",
        title="train, validation and test data",
        scratch=("split",),
        notebook="00_backprop",
        source='C "Setting up a problem" (held-out data); K "Cross-validation strategy"',
    ),
    Technique(
        id="A1",
        title="sigmoid",
        scratch=("Sigmoid",),
        notebook="01_activations",
        assignment="activations",
        source='L "Problem of Sigmoid"; K "Activation Functions: Sigmoid"; U "Which activation at the hidden nodes?"',
    ),
    Technique(
        id="A2",
        title="the vanishing gradient",
        notebook="01_activations",
        assignment="activations",
        source='L "Vanishing Gradient Problem"',
    ),
    Technique(
        id="A3",
        title="all-positive inputs and zig-zag updates",
        notebook="01_activations",
        source='K "Consider what happens when the input to a neuron is always positive"',
    ),
    Technique(
        id="A4",
        title="tanh",
        scratch=("Tanh",),
        notebook="01_activations",
        source='K "Activation Functions: tanh(x)"; U "Which activation at the hidden nodes?"',
    ),
    Technique(
        id="A5",
        title="ReLU",
        scratch=("ReLU",),
        notebook="01_activations",
        assignment="activations",
        source='L "Rectified Linear Unit (ReLU)"; K "Activation Functions: ReLU"; U "ReLU and ReLU\'s variation"',
    ),
    Technique(
        id="A6",
        title="dead ReLU, and softplus as a cure",
        scratch=("dead_units", "Softplus"),
        pytorch=("Softplus",),
        notebook="01_activations",
        assignment="activations",
        source='L "ReLU"; K "dead ReLU"',
    ),
    Technique(
        id="A7",
        title="leaky and parametric ReLU",
        scratch=("LeakyReLU", "PReLU"),
        notebook="01_activations",
        assignment="activations",
        source='L "ReLU - variant"; K "Leaky ReLU"; U "How about ReLU and ReLU\'s variation?"',
    ),
    Technique(
        id="A8",
        title="ELU",
        scratch=("ELU",),
        notebook="01_activations",
        source='K "Exponential Linear Units (ELU)"',
    ),
    Technique(
        id="A9",
        title="maxout",
        scratch=("Maxout",),
        notebook="01_activations",
        assignment="activations",
        source='L "Maxout"; K "Maxout Neuron"',
    ),
    Technique(
        id="A10",
        title="sign and absolute value: what an activation must have",
        scratch=("Sign", "Abs"),
        notebook="01_activations",
        source='U "What we want for activation"',
    ),
    Technique(
        id="A11",
        title="output activations",
        scratch=("Identity", "Sigmoid", "Softmax"),
        notebook="01_activations",
        source='L "Softmax"; U "Which activation at the output nodes?"',
    ),
    Technique(
        id="A12",
        title="the lectures' verdicts, put to the test",
        notebook="01_activations",
        source='K "TLDR: In practice"; U "Which activation at the hidden nodes?"',
    ),
)
