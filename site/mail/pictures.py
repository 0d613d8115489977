"""Where the pictures of our mails may come from when staff look at one."""

from urllib.parse import urlsplit

from django.conf import settings


def sources() -> str:
    """Return them as a policy names them: the site, as the browser and as mails call it, and the bucket of media."""
    base = urlsplit(settings.BASE_URL)
    return " ".join([*dict.fromkeys(["'self'", f"{base.scheme}://{base.netloc}", *settings.MEDIA_ORIGINS]), "data:"])
