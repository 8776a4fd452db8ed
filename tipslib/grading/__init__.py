"""The grading engine: release, autograde, feedback and report around nbgrader's own converters and gradebook.

It knows nothing about this course's content and works for any nbgrader course.
"""

import sys

# Where jsonschema finds this package, it spends a second on the grammar of a format that notebooks do not have.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
