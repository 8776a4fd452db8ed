"""For instructors: can submissions be graded on this machine without trusting them?"""

import sys
from collections.abc import Iterator
from pathlib import Path

from tipslib.doctor.finding import Finding

# Settings of Linux that forbid ordinary users a sandbox: name, what forbids, what allows.
FORBID = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "10000"),
)


def check_sandbox() -> Iterator[Finding]:
    """The sandbox of ``tips autograde`` works here; otherwise what it lacks."""
    if sys.platform != "linux":
        yield Finding(
            "the sandbox of `tips autograde` needs Linux: grade in a virtual machine or a container, or with "
            "--unsandboxed if you trust your students",
            False,
        )
        return
    from tipslib.grading.sandbox import why_not

    if reason := why_not():
        yield Finding(f"`tips autograde` will refuse: {reason}{''.join(forbidden())}", False)


def forbidden(settings: Path = Path("/proc/sys")) -> Iterator[str]:
    """The settings of this Linux that stand against a sandbox, each with the command that changes it."""
    for name, forbids, allows in FORBID:
        path = settings / name.replace(".", "/")
        if path.is_file() and path.read_text(encoding="ascii").strip() == forbids:
            yield f"; root can allow it with `sysctl -w {name}={allows}`"
