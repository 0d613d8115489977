"""Pages shown when something went wrong; each is a template named after its status code."""

from django.views.csrf import csrf_failure  # noqa: F401
from django.views.defaults import page_not_found as not_found  # noqa: F401
from django.views.defaults import server_error  # noqa: F401
