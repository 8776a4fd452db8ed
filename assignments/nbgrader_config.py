"""nbgrader's configuration of this course; read by `nbgrader`, by formgrader and by `tips`."""

from pathlib import Path

import nbgrader

import tipslib.grading
from tipslib.catalog import CATALOG

c = get_config()  # noqa: F821 (nbgrader provides it)

c.CourseDirectory.course_id = "tips"
# `tips lab` starts JupyterLab one folder above; Formgrader has to find the course all the same.
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
# What must never get into a release: text forms, caches, editors' files.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.py", "*.pyc", "__pycache__", "feedback", ".DS_Store"]

# An untouched exercise says so in one line.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError('not attempted yet')"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

c.Execute.timeout = 60  # seconds a cell
c.Execute.startup_timeout = 120
c.OverwriteCells.add_missing_cells = True

# What Formgrader shows: no script of a student's, formulas without a network, the marking guide above each answer.
c.HTMLExporter.preprocessors = [
    "tipslib.grading.formgrader.HarmlessOutputs",
    "tipslib.grading.formgrader.MarkingGuides",
]
c.HTMLExporter.filters = {"markdown2html": "tipslib.grading.formgrader.safe_markdown"}
c.HTMLExporter.extra_template_basedirs = [
    str(Path(tipslib.grading.__file__).parent / "templates"),  # without MathJax from another host
    str(Path(nbgrader.__file__).parent / "server_extensions" / "formgrader" / "templates"),
]

# `nbgrader zip_collect`: downloads lie in downloaded/<assignment>/archive/<student>/<file>.ipynb
c.FileNameCollectorPlugin.named_regexp = r".*[/\\](?P<student_id>[^/\\]+)[/\\](?P<file_id>[^/\\]+)"

# The library has every answer: a solution that uses it is flagged in `tips report`, and graded as usual.
c.Tips.flagged_modules = ["tipslib.scratch", "tipslib.pytorch"]

# Lines of solutions and of banks that lectures or the library show on purpose; `tips kit` refuses all others.
c.Tips.shown = [
    "for W, z in zip(reversed(weights[1:]), reversed(zs[:-1]), strict=True):",
    "return eta / factor ** (epoch // every)",
    "m_hat, v_hat = m / (1 - delta**k), v / (1 - gamma**k)",
    "mean = np.mean([z.mean(axis=0) for z in batches], axis=0)",
    "return [order[start : start + batch_size] for start in range(0, n, batch_size)]",
    "step = np.zeros(x.shape)",
]

# Feedback pages: also what Formgrader and `nbgrader generate_feedback` make are pages without hidden tests and scripts.
c.GenerateFeedback.exporter_class = "tipslib.grading.feedback.Page"

# What to read about each question. With c.Tips.site = "https://...", where `make site` was put, these become links.
READ = {
    "activations": {
        "A1": "sigmoid sigmoid-backward",
        "A5": "relu relu-backward",
        "A7": "leaky-relu leaky-relu-backward prelu-backward",
        "B2": "error-signals weight-gradients answer-a",
        "A6": "dead-units",
        "A9": "maxout maxout-backward relu-as-maxout answer-b",
        "A10": "answer-b",
    },
    "softmax": {
        "S2": "softmax",
        "S7": "softmax cross-entropy answer-b",
        "S3": "cross-entropy cross-entropy-backward answer-a soft-cross-entropy-backward",
        "S6": "one-hot smooth-labels soft-cross-entropy-backward",
        "S4": "kl-divergence",
        "S1": "l2-sigmoid-backward answer-b",
    },
    "adagrad": {
        "G4": "inverse-sqrt-decay staircase",
        "D1": "sigma adagrad-step answer-a",
        "D3": "best-step answer-b",
        "D2": "answer-b",
        "D4": "rmsprop-step",
    },
    "momentum": {
        "M2": "momentum-step velocity gradient-weights answer-a train",
        "M3": "nesterov-step train",
        "D6": "adam-step answer-b",
        "G2": "minibatches",
    },
    "initialization": {
        "P1": "standardize",
        "P3": "whiten",
        "I1": "distinct-units answer-a",
        "I2": "layer-statistics",
        "I3": "xavier-std answer-b",
        "I4": "he-std answer-b",
        "I5": "orthogonal",
    },
    "batchnorm": {
        "N2": "batchnorm-forward identity-parameters",
        "N3": "batchnorm-backward answer-a",
        "N4": "inference-statistics batchnorm-inference running-average answer-b",
    },
    "dropout": {
        "R2": "weight-decay-step answer-a",
        "O1": "dropout-forward scale-weights",
        "O3": "dropout-backward inverted-dropout-backward",
        "O2": "inverted-dropout-forward inverted-dropout-backward",
        "O4": "subnetwork-average",
        "O5": "subnetwork-average answer-b",
        "O6": "hidden-width",
    },
    "babysitting": {
        "T2": "expected-initial-loss answer-a",
        "B3": "numerical-gradient relative-error answer-a",
        "T7": "diagnose answer-b",
        "T9": "update-ratio",
        "T5": "sample-log-uniform",
        "G6": "clip-gradient",
        "R5": "early-stopping",
    },
}
c.Tips.see = {name: {} for name in READ}
for name, topics in READ.items():
    for technique in CATALOG:
        for exercise in topics.get(technique.id, "").split():
            text = f"{technique.id} · {technique.title} (notebooks/{technique.notebook}.ipynb)"
            address = f"lectures/{technique.notebook}.html#{technique.id.lower()}"
            c.Tips.see[name].setdefault(exercise, []).append((text, address))
