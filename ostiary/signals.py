"""The signals by which the apps of the house tell each other things.

``session_ended``: a signed-in session is over, however it ended. Sent after the row is marked,
inside the caller's transaction. Arguments: ``session`` (``models.Session``), ``reason`` (text).

``signin_completed``: a person has passed every step. Arguments: ``request``, ``user``, ``session``.

``signed_out``: a person has signed out in the browser that is about to see the page that says so.
Argument: ``session``, which has ended. A receiver returns the addresses (``list[str]``) that this
page is to load in hidden frames.

``password_changed``: a person's password was changed or reset. Arguments: ``user``, ``request``
(or ``None``).
"""

from django.dispatch import Signal

session_ended = Signal()
signin_completed = Signal()
signed_out = Signal()
password_changed = Signal()
