"""The instructor's part of the command ``tips`` (see tipslib/cli.py): their day, one subcommand a step."""

import argparse
import json
import os
import sys
from pathlib import Path

from tipslib.cli import EXIT_FAILED, EXIT_OK, main

EXIT_NOT_ALL_GRADED = 2
SIDE_BY_SIDE = "grade so many submissions side by side (default: one for each processor)"


def add_commands(commands) -> None:
    """Add the instructor's commands to argparse's ``commands``."""

    def add(name: str, text: str, assignment: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        if assignment:
            command.add_argument("name", metavar="NAME", help="the assignment: a folder of source/")
            command.add_argument(
                "--course", metavar="DIR", help="course folder (default: the one you are in, else this repository's)"
            )
        return command

    demo = add("demo", "Take a sample class through the whole loop, in a new folder, and print the gradebook.", False)
    demo.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="all that have a sample class if none is given")
    demo.add_argument("--out", metavar="DIR", default="tips-demo", help="the new folder (default: tips-demo)")
    demo.add_argument("--workers", type=_positive, default=os.cpu_count(), metavar="N", help=SIDE_BY_SIDE)
    command = add("release", "Make the students' version, without solutions and hidden tests. Hands out nothing.")
    command.add_argument(
        "--force", action="store_true", help="replace a release that differs; students may have it already"
    )
    command = add(
        "autograde",
        "Grade what was handed in. Exit code 0: every submission got a grade; 2: some could not be graded, "
        "each named with its reason; 1: the command itself failed.",
    )
    command.add_argument("--student", metavar="S", help="grade only the student with this folder in submitted/")
    command.add_argument("--workers", type=_positive, default=os.cpu_count(), metavar="N", help=SIDE_BY_SIDE)
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
    kind = command.add_mutually_exclusive_group()
    kind.add_argument("--json", action="store_true", help="as JSON, with the message of every graded cell")
    kind.add_argument("--csv", action="store_true", help="as CSV for a spreadsheet, with the points of every question")
    kind.add_argument(
        "--canvas", metavar="FILE", type=Path, help="fill in a gradebook that was exported from Canvas, to import there"
    )
    kind.add_argument(
        "--moodle", metavar="FILE", type=Path, help="fill in a grading worksheet that was downloaded from Moodle"
    )
    kind.add_argument(
        "--grades", action="store_true", help="final scores alone, as CSV, for Moodle's gradebook and the like"
    )
    command.add_argument(
        "--out", metavar="FILE", type=Path, help="write there (--canvas and --moodle: default FILE-filled, beside FILE)"
    )
    command.add_argument("--column", metavar="NAME", help="the platform's column of grades, if its name is another")
    command.add_argument("--match", metavar="COLUMN", help="find students by this column alone, not by all their ids")
    command.add_argument(
        "--students",
        metavar="FILE",
        type=Path,
        help="a CSV file that says who is who: the column student, and others with ids or addresses on the platform",
    )
    command.add_argument("--scale", action="store_true", help="convert scores to the platform's maximum")
    command.add_argument("--comments", action="store_true", help="with --moodle: also fill in empty feedback comments")
    command = add("overview", "Write a page about the class: scores, mistakes, who needs help, what is open.")
    command.add_argument(
        "--out", metavar="FILE", type=Path, help="write there (default: overview/NAME.html in the course folder)"
    )
    command = add("groups", "List wrong functions that match no known mistake, grouped by what they do; name a group.")
    command.add_argument("--json", action="store_true", help="as JSON")
    command.add_argument(
        "--name",
        nargs=2,
        dest="naming",
        metavar=("GROUP", "SENTENCE"),
        help='what is wrong with a group, for its students to read; "" takes it back',
    )
    command = add(
        "kit",
        "Make what students get: lectures, the released assignments, the library, set-up files; nothing secret.",
        False,
    )
    command.add_argument("out", metavar="OUT", help="a new folder, or a new file that ends in .zip")
    command.add_argument("names", nargs="*", metavar="ASSIGNMENT", help="released ones (default: all of them)")
    command.add_argument("--course", metavar="DIR", help="course folder, as for the other commands")


def run(options) -> int:
    """Run one of these commands; returns the exit code."""
    from tipslib.grading.course import TipsError

    try:
        return COMMANDS[options.command](options)
    except TipsError as error:
        print(f"tips {options.command}: {error}", file=sys.stderr)
        return EXIT_FAILED


def run_demo(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.demo import demo

    demo(Course.find(), Path(options.out).resolve(), options.workers, _bar, options.names)
    return EXIT_OK


def run_release(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.release import release

    course = Course.find(options.course)
    print("Making it, and proving that the solution passes its own checks; may take a minute.", file=sys.stderr)
    print(f"released: {release(course, options.name, options.force)}")
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
    from tipslib.grading.exports import grade_list, report_csv
    from tipslib.grading.report import report, table

    course = Course.find(options.course)
    data = report(course, options.name)
    for note in data["notes"]:
        print(note, file=sys.stderr)
    if options.canvas or options.moodle:
        return _fill_in(course, data, options)
    left: list[str] = []
    if options.csv:
        text = report_csv(data)
    elif options.grades:
        text, left = grade_list(course, data)
    else:
        text = json.dumps(data, indent=1, ensure_ascii=False) if options.json else table(data)
    if options.out:
        # With its mark, a spreadsheet knows that it is UTF-8.
        encoding = "utf-8-sig" if options.csv else "utf-8"
        options.out.write_text(text + "\n" * (not text.endswith("\n")), encoding=encoding, newline="")
    else:
        print(text.rstrip("\r\n"))
    _say("not in the list", left)
    return EXIT_NOT_ALL_GRADED if left else EXIT_OK


def _fill_in(course, data: dict, options) -> int:
    """Fill in a platform's file; say on stderr who has no score in it, and why."""
    from tipslib.grading.course import TipsError
    from tipslib.grading.platforms import fill_canvas, fill_moodle

    path = options.canvas or options.moodle
    out = options.out or path.with_name(f"{path.stem}-filled{path.suffix}")
    if out.resolve() == path.resolve():
        raise TipsError(f"{out} is the file that is read: name another one with --out")
    choices = {key: getattr(options, key) for key in ("column", "match", "students", "scale")}
    if options.canvas:
        filled = fill_canvas(course, data, path, **choices)
    else:
        filled = fill_moodle(course, data, path, comments=options.comments, **choices)
    out.write_bytes(filled.content)
    print(f"{len(filled.filled)} scores filled in, column {filled.column!r}: {out}")
    _say("a score was there already", filled.replaced)
    _say("left as it was", filled.left)
    _say("nothing was handed in", filled.nothing)
    _say(f"not in {path.name}", filled.no_row)
    _say(f"only in {path.name}", filled.no_student)
    return EXIT_OK if filled.complete else EXIT_NOT_ALL_GRADED


def _say(what: str, lines: list[str]) -> None:
    for line in lines:
        print(f"{what}: {''.join(sign if sign.isprintable() else '?' for sign in line)}", file=sys.stderr)


def run_overview(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.overview import overview

    course = Course.find(options.course)
    page = overview(course, options.name)
    out = options.out or course.root / "overview" / f"{options.name}.html"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    print(out)
    return EXIT_OK


def run_groups(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.groups import groups, listing, name_group

    course = Course.find(options.course)
    if options.naming:
        named = name_group(course, options.name, *options.naming)
        what = "named" if named["text"] else "no longer named"
        print(f"{named['group']} is {what}: for {len(named['students'])} students, and whoever does the same")
        return EXIT_OK
    found = groups(course, options.name)
    if options.json:
        print(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        print(listing(found) or "no wrong function without a known mistake")
    return EXIT_OK


def run_kit(options) -> int:
    from tipslib.grading.course import Course
    from tipslib.grading.kit import make_kit

    course = Course.find(options.course)
    print("Making the kit, and searching it for everything secret; may take a minute.", file=sys.stderr)
    names = make_kit(course, Path(options.out), options.names)
    print(f"{options.out}: the lectures and {', '.join(names) or 'no assignment: none is released yet'}")
    return EXIT_OK


COMMANDS = {
    "demo": run_demo,
    "release": run_release,
    "autograde": run_autograde,
    "feedback": run_feedback,
    "report": run_report,
    "overview": run_overview,
    "groups": run_groups,
    "kit": run_kit,
}


def _bar(items, total: int, label: str):
    """A progress bar on stderr, with rate and remaining time."""
    from tqdm import tqdm

    return tqdm(items, desc=label, total=total, unit="submission", leave=False)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
