"""The command ``tips``: ``lab`` and ``doctor`` for everybody; the instructor's commands where tipslib.grading is there.

The student kit has no tipslib.grading. Written so that an old Python, too, gets as far as ``tips doctor``.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path

EXIT_OK, EXIT_FAILED = 0, 1
# JupyterLab's settings where its own would not do: it begins with the question whether it may fetch news.
SETTINGS = Path(__file__).resolve().parent / "jupyter"


class Parser(argparse.ArgumentParser):
    """argparse, with the exit code that tips keeps for a command that failed."""

    def error(self, message: str):
        self.print_usage(sys.stderr)
        self.exit(EXIT_FAILED, f"{self.prog}: {message}\n")


def build_parser() -> tuple[Parser, list[str]]:
    """The parser, and the names of the commands that are there."""
    instructors = Path(__file__).with_name("grading").is_dir()
    parser = Parser(
        prog="tips",
        description="Release, autograde and return the assignments of an nbgrader course."
        if instructors
        else "The course's lectures and assignments in JupyterLab.",
        epilog="`tips COMMAND --help` says more about a command."
        + (" docs/course.md goes through a semester." if instructors else ""),
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    if instructors:
        from tipslib.grading.cli import add_commands

        add_commands(commands)
    for name, run, text, more in (
        (
            "lab",
            run_lab,
            "Open JupyterLab in this course's lectures and assignments. Ctrl-C in the terminal ends it.",
            "Any further option goes to `jupyter lab`, such as --no-browser or --port 9999.",
        ),
        (
            "doctor",
            run_doctor,
            "Say what is missing on this computer, and what to do about it.",
            "Exit code 0: nothing serious; 1: something has to be mended first.",
        ),
    ):
        command = commands.add_parser(name, help=text, description=text, epilog=more)
        command.set_defaults(run=run, more=[])
    return parser, list(commands.choices)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 it did its work, 1 it failed (2: see ``tips autograde --help``)."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console that cannot show a sign must not end the command
            stream.reconfigure(errors="backslashreplace")
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    parser, commands = build_parser()
    if arguments and not arguments[0].startswith("-") and arguments[0] not in commands and "release" not in commands:
        parser.error(
            f"the student kit has no command {arguments[0]!r}, only {' and '.join(commands)}; "
            "to release and to grade is for instructors"
        )
    options, more = parser.parse_known_args(arguments)
    if options.command == "lab":
        options.more = more
    elif more:
        parser.error(f"unrecognized arguments: {' '.join(more)}")
    try:
        return options.run(options)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("tipslib"):
            raise  # our own mistake
        print(f"tips {options.command}: {error}; `tips doctor` says what to do", file=sys.stderr)
        return EXIT_FAILED
    except OSError as error:
        said = error.strerror or str(error)
        print(f"tips {options.command}: {said}" + (f": {error.filename}" if error.filename else ""), file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        print(f"\ntips {options.command}: stopped; what is done is kept, the same command goes on", file=sys.stderr)
        return EXIT_FAILED


def course_folder() -> Path:
    """The folder to work in: the nearest one, from the current folder upwards, that is a course.

    A course has nbgrader's configuration (a student kit, or an instructor's folder of assignments), or is the
    repository. Without one: the folder that the library lies in if that is one, else the current folder.
    """
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[1]):
        repository = (folder / "pyproject.toml").is_file() and (folder / "notebooks").is_dir()
        if repository or (folder / "nbgrader_config.py").is_file():
            return folder
    return here


def run_lab(options) -> int:
    from tipslib.doctor import quick
    from tipslib.handout import hand_out, workplace

    folder = course_folder()
    findings = list(quick(folder))
    for finding in findings:
        print(finding, file=sys.stderr)
    if importlib.util.find_spec("jupyterlab") is None:
        return EXIT_FAILED
    for message in hand_out(folder):
        print(message, file=sys.stderr)
    from jupyterlab.labapp import LabApp

    # In this process: Ctrl-C and every other signal reach JupyterLab itself.
    os.chdir(folder)  # nbgrader reads its configuration here
    # Formgrader looks for the course here, too.
    paths = [str(SETTINGS), str(folder / "assignments"), os.environ.get("JUPYTER_CONFIG_PATH")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    LabApp.launch_instance([f"--ServerApp.root_dir={workplace(folder)}", *options.more])
    return EXIT_OK


def run_doctor(options) -> int:
    from tipslib.doctor import examine

    serious = 0
    for finding in examine(course_folder()):
        print(finding, flush=True)
        serious += finding.serious
    print(f"{serious} to mend." if serious else "Nothing is missing: `tips lab` opens the course.")
    return EXIT_FAILED if serious else EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
