"""Messages to people: one a problem, and one when it is over."""

from lake.notifications.problems import Problem, Reported, report

__all__ = ["Problem", "Reported", "report"]
