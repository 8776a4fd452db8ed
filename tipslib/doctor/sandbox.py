"""For instructors: can submissions be graded on this machine without trusting them?"""

import sys
from collections.abc import Iterator

from tipslib.doctor.finding import Finding


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
        yield Finding(f"`tips autograde` will refuse: {reason}", False)
