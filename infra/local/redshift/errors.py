"""How the APIs of Redshift Serverless refuse a call: all with HTTP 400."""

from __future__ import annotations


class ApiError(Exception):
    """A call is refused; `code` is the exception's name in the API, `members` its other fields."""

    def __init__(self, code: str, message: str, **members: str) -> None:
        super().__init__(message)
        self.code = code
        self.members = members

    def as_answer(self) -> dict[str, str]:
        """The body of the answer."""
        message = str(self)
        return {"__type": self.code, "message": message, "Message": message, **self.members}


def invalid(message: str) -> ApiError:
    """The request does not hold what it has to."""
    return ApiError("ValidationException", message)


def conflict(message: str) -> ApiError:
    """The request does not fit to what is there."""
    return ApiError("ConflictException", message)
