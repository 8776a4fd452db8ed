"""The command ``tips``: an instructor's day, one subcommand a step."""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

EXIT_OK, EXIT_FAILED, EXIT_NOT_ALL_GRADED = 0, 1, 2


class Parser(argparse.ArgumentParser):
    """argparse, with the exit code that tips keeps for a command that failed."""

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(EXIT_FAILED, f"{self.prog}: {message}\n")


def build_parser() -> Parser:
    parser = Parser(prog="tips", description="Release, autograde and return the assignments of an nbgrader course.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, assignment: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        if assignment:
            command.add_argument("name", metavar="NAME", help="the assignment: a folder of source/")
            command.add_argument(
                "--course", metavar="DIR", help="course folder (default: the one you are in, else this repository's)"
            )
        return command

    demo = add("demo", "Take a sample class through the whole loop, in a new folder, and print the gradebook.", False)
    demo.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all that have a sample class if none is given")
    demo.add_argument("--out", metavar="DIR", default="tips-demo", help="the new folder (default: tips-demo)")
    demo.add_argument("--workers", type=_positive, default=os.cpu_count(), help="kernels side by side")
    command = add("release", "Make the students' version: no solutions, no hidden tests.")
    command.add_argument("--force", action="store_true", help="replace an existing release that differs")
    command = add(
        "autograde",
        "Grade what was handed in. Exit code 0: every submission got a grade; 2: some could not be graded, "
        "each named with its reason; 1: the command itself failed.",
    )
    command.add_argument("--student", metavar="S", help="grade only this student")
    command.add_argument("--workers", type=_positive, default=os.cpu_count(), metavar="N", help="kernels side by side")
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run submissions on the cluster of this Dask scheduler (tcp://host:8786) instead of this machine",
    )
    command.add_argument(
        "--unsandboxed",
        action="store_true",
        help="let students' code run with all your rights, where this host has no sandbox",
    )
    add("feedback", "Write an HTML page for each submission, without the hidden tests.")
    command = add("report", "Show every student's status, score and reason.")
    command.add_argument("--json", action="store_true", help="as JSON, with the message of every graded cell")
    add("lab", "Open JupyterLab in this course's lectures and assignments.", False)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    options = build_parser().parse_args(arguments)
    # Imported after the arguments are known, so that --help is quick.
    from tipslib.grading.course import TipsError

    try:
        return COMMANDS[options.command](options)
    except TipsError as error:
        print(f"tips {options.command}: {error}", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        print(f"tips {options.command}: {error.strerror or error}: {error.filename or ''}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print(f"\ntips {options.command}: stopped; what is done is kept, the same command goes on", file=sys.stderr)
        return EXIT_FAILED


def run_demo(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.demo import demo

    demo(Course.find(), Path(options.out).resolve(), options.workers, _bar, options.names)
    return EXIT_OK


def run_release(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.release import release

    print(f"released: {release(Course.find(options.course), options.name, options.force)}")
    return EXIT_OK


def run_autograde(options) -> int:
    from tipslib.grading.autograde import autograde
    from tipslib.grading.course import Course

    records = autograde(
        Course.find(options.course),
        options.name,
        options.student,
        options.workers,
        _bar,
        options.unsandboxed,
        options.scheduler,
    )
    for record in records:
        print(f"{record['student']}: {record['status']}" + (f" ({record['reason']})" if record["reason"] else ""))
    ungraded = [record for record in records if record["status"] != "graded"]
    print(f"{len(records) - len(ungraded)} of {len(records)} submissions graded")
    return EXIT_NOT_ALL_GRADED if ungraded else EXIT_OK


def run_feedback(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.feedback import feedback

    course = Course.find(options.course)
    pages = feedback(course, options.name, _bar)
    print(f"{len(pages)} pages in {course.root / 'feedback'}")
    return EXIT_OK


def run_report(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.report import report, table

    data = report(Course.find(options.course), options.name)
    print(json.dumps(data, indent=1, ensure_ascii=False) if options.json else table(data))
    return EXIT_OK


def run_lab(options) -> int:
    repository = Path(__file__).parents[2]
    folder = repository if (repository / "notebooks").is_dir() else Path.cwd()  # installed without the notebooks
    return subprocess.run([sys.executable, "-m", "jupyter", "lab"], cwd=folder, check=False).returncode


COMMANDS = {
    "demo": run_demo,
    "release": run_release,
    "autograde": run_autograde,
    "feedback": run_feedback,
    "report": run_report,
    "lab": run_lab,
}


def _bar(items, total: int, label: str):
    """A progress bar on stderr, with rate and remaining time."""
    return tqdm(items, desc=label, total=total, unit="submission", leave=False)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
