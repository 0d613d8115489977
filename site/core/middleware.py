"""Middleware of the foundation."""

from csp.middleware import CSPMiddleware


class ContentSecurityPolicyMiddleware(CSPMiddleware):
    """django-csp's middleware; `/admin/` gets a policy of its own."""
