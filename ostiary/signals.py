"""The signals by which the apps of the house tell each other things.

``session_ended``: a signed-in session is over, however it ended. Sent after the row is marked,
inside the caller's transaction. Arguments: ``session`` (``models.Session``), ``reason`` (text). A
receiver may return addresses (``list[str]``): if it was a sign-out in the browser, the page that
says so loads them in hidden frames.

``signin_completed``: a person has passed every step. Arguments: ``request``, ``user``, ``session``,
``risk`` (``risk.Assessment``), ``pending`` (``signin.PendingSignIn``, as it was at the end).

``password_changed``: a person's password was changed or reset. Arguments: ``user``, ``request``
(or ``None``).
"""

from django.dispatch import Signal

session_ended = Signal()
signin_completed = Signal()
password_changed = Signal()
