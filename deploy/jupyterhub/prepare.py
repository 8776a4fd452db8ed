"""Prepare a Linux machine for the course under JupyterHub; run as root, as often as you like.

    python prepare.py --teacher NAME --students NAME... [--root /srv/tips] [--group tips-class] [--course COURSE_ID]

Makes the group of the class, the system users that do not exist yet (without a password: the authenticator of your hub
decides who is who), and under the root folder the exchange, the students' kit, and the settings that each side reads.
No file or folder that it makes can be written by everybody.
"""

import argparse
import grp
import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def folder(path: Path, mode: int, owner: str, group: str) -> Path:
    """A folder with exactly this mode and these owners, new or old."""
    path.mkdir(parents=True, exist_ok=True)
    shutil.chown(path, owner, group)
    os.chmod(path, mode)  # after chown, which clears special bits
    return path


def users(teacher: str, students: list[str], group: str) -> None:
    """The group, and the accounts in it."""
    try:
        grp.getgrnam(group)
    except KeyError:
        subprocess.run(["groupadd", group], check=True)
    for name in (teacher, *students):
        try:
            pwd.getpwnam(name)
        except KeyError:
            subprocess.run(["useradd", "--create-home", "--shell", "/bin/bash", name], check=True)
        # Nobody reads somebody else's solutions.
        os.chmod(pwd.getpwnam(name).pw_dir, 0o700)
        subprocess.run(["usermod", "--append", "--groups", group, name], check=True)


def exchange(root: Path, course: str, teacher: str, group: str) -> None:
    """nbgrader's exchange for one class: the class comes in, each submission is its student's, nobody else sees any."""
    top = folder(root / "exchange", 0o1770, "root", group)
    folder(top / course, 0o750, teacher, group)
    folder(top / course / "outbound", 0o750, teacher, group)
    # A letter box: students put in and can neither list it nor take out what is another's (the sticky bit).
    folder(top / course / "inbound", 0o1730, teacher, group)
    # The names of the feedback pages are secrets that only their student has.
    folder(top / course / "feedback", 0o710, teacher, group)


def settings(root: Path, course: str, teacher: str) -> None:
    """What Jupyter and nbgrader read, by side: see JUPYTER_CONFIG_PATH in jupyterhub_config.py."""
    text = (HERE / "nbgrader_config.py").read_text(encoding="utf-8")
    text = text.replace("/srv/tips/exchange", str(root / "exchange")).replace('"tips"', repr(course))
    # Where Formgrader looks for the course, whatever folder JupyterLab is started in.
    home = f"\nc.CourseDirectory.root = {str(Path(pwd.getpwnam(teacher).pw_dir, 'tips', 'course'))!r}\n"
    for side, more in (("teacher", home), ("student", "")):
        target = folder(root / "settings" / side, 0o755, "root", "root")
        (target / "nbgrader_config.py").write_text(text + more, encoding="utf-8")
    # Students need neither Formgrader nor the tools that write assignments.
    shutil.copytree(HERE / "student_settings", root / "settings" / "student", dirs_exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--teacher", required=True, help="the instructor's system user")
    parser.add_argument("--students", nargs="+", required=True, metavar="NAME", help="the students' system users")
    parser.add_argument("--root", type=Path, default=Path("/srv/tips"), help="default: /srv/tips")
    parser.add_argument("--group", default="tips-class", help="the class's group (default: tips-class)")
    parser.add_argument("--course", default="tips", metavar="COURSE_ID", help="nbgrader's name of it (default: tips)")
    options = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("prepare.py makes users and folders of other users: run it as root")
    for name in (options.teacher, *options.students, options.group):
        if not re.fullmatch(r"[a-z_][a-z0-9_-]{0,31}", name):
            sys.exit(f"{name!r} is no name for a system user or group: lower-case letters, digits, - and _, up to 32")
    root = options.root.resolve()
    users(options.teacher, options.students, options.group)
    folder(root, 0o755, "root", "root")
    exchange(root, options.course, options.teacher, options.group)
    settings(root, options.course, options.teacher)
    kit = folder(root / "kit", 0o755, options.teacher, options.group)
    print(f"ready: exchange {root / 'exchange'}, settings {root / 'settings'}; put the students' kit into {kit}")


if __name__ == "__main__":
    main()
