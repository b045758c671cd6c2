"""The site as a WSGI application: ``granian --interface wsgi idp_site.wsgi:application``."""

import os

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from .charset import WithoutCharset
from .kept_answers import KeptAnswers

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")
application = KeptAnswers(WithoutCharset(get_wsgi_application()))

# A server that is set up wrongly must not serve (SECURITY G3); `runserver` would check, this must.
_problems = [
    problem
    for problem in checks.run_checks(include_deployment_checks=not settings.DEMO)
    if problem.level >= checks.ERROR
]
if _problems:
    raise ImproperlyConfigured(
        "The site does not start:\n" + "\n".join(str(problem) for problem in _problems)
    )
