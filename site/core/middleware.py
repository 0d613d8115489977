"""The content security policy: strict for what the public reads, with what Wagtail's editor needs under /admin/."""

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

ADMIN = "/admin/"


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware; `/admin/` gets a policy of its own.

    Previews answer to a public address, so they carry the public policy, as the page will.
    """

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """Put the admin's own directives in place of the public ones."""
        parts = super().get_policy_parts(request, response, report_only)
        if not report_only and request.path.startswith(ADMIN):
            parts.replace = {**settings.ADMIN_CONTENT_SECURITY_POLICY, **(parts.replace or {})}
        return parts
