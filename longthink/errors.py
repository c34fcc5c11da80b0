"""The one kind of error that is a user's to put right."""


class UserError(ValueError):
    """Something a user can put right. The message is one sentence that says what to do."""
