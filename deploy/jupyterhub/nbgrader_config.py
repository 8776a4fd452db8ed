"""nbgrader on this machine, for the teacher and the students; prepare.py puts it into place."""

from pathlib import Path

c = get_config()  # noqa: F821 (nbgrader provides it)

c.CourseDirectory.course_id = "tips"
c.Exchange.root = "/srv/tips/exchange"
# Else `nbgrader release_assignment` makes the exchange writable by everybody on the machine (mode 0777).
c.CourseDirectory.groupshared = True
# Assignments are fetched to where JupyterLab looks (see jupyterhub_config.py), not to where its process runs.
c.Exchange.assignment_dir = str(Path.home() / "tips")
