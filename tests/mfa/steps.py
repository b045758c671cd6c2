"""Steps of a sign-in that tests ask for."""


class Always:
    """A step that nobody passes."""

    name = "always"

    def is_required(self, request, user, pending):
        return True

    def url(self, request):
        return "/always/"
