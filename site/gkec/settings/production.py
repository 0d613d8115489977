"""Settings for the public site: everything over TLS, behind a proxy that says so."""

from gkec import environment as env
from gkec.settings.base import *

if not env.text("BASE_URL").startswith("https://"):
    raise env.ConfigurationProblem("BASE_URL must start with https:// in production.")

# Wagtail's editor shows previews in a frame of this site's own, so DENY, which the check asks for, cannot be.
SILENCED_SYSTEM_CHECKS = ["security.W019"]
SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 31536000
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken"

# allauth's limits count by client address: the number of proxies in front must be stated, not guessed.
ALLAUTH_TRUSTED_PROXY_COUNT = env.number("TRUSTED_PROXY_COUNT", default=1)
