"""The site as a WSGI application: ``python -m idp_site.serve --interface wsgi …``.

Any WSGI server will do that leaves out header names with ``_``, or stands behind a proxy that does:
in the ``environ`` they can't be told from those with ``-``, which proxies set. granian's own WSGI
interface does not, and is refused.
"""

import os
import sys

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

from .charset import ReadableTypes
from .kept_answers import KeptAnswers
from .process_environment import WithoutProcessEnvironment

if "granian.server" in sys.modules and "idp_site.granian_worker" not in sys.modules:
    raise ImproperlyConfigured(
        "granian by itself empties the Cookie header for one odd byte, and takes X_Forwarded_For "
        "for X-Forwarded-For. Serve by `python -m idp_site.serve`, with the same options."
    )

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "idp_site.settings")
application = WithoutProcessEnvironment(KeptAnswers(ReadableTypes(get_wsgi_application())))

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
