"""The grading engine: release, autograde, feedback and report around nbgrader's own converters and gradebook.

It knows nothing about this course's content and works for any nbgrader course.
"""
