"""nbgrader's configuration of this course; read by `nbgrader`, by formgrader and by `tips`."""

c = get_config()  # noqa: F821 (nbgrader provides it)

c.CourseDirectory.course_id = "tips"
# What must never get into a release: text forms, caches, editors' files.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.py", "*.pyc", "__pycache__", "feedback", ".DS_Store"]

# An untouched exercise says so in one line.
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE\nraise NotImplementedError('not attempted yet')"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

c.Execute.timeout = 60  # seconds a cell
c.Execute.startup_timeout = 120
c.OverwriteCells.add_missing_cells = True

# `nbgrader zip_collect`: downloads lie in downloaded/<assignment>/archive/<student>/<file>.ipynb
c.FileNameCollectorPlugin.named_regexp = r".*[/\\](?P<student_id>[^/\\]+)[/\\](?P<file_id>[^/\\]+)"

# The library has every answer: a solution that uses it is flagged in `tips report`, and graded as usual.
c.Tips.flagged_modules = ["tipslib.scratch", "tipslib.pytorch"]
