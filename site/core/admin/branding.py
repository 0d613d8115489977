"""Our colours and our mark on the editors' pages."""

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString


def stylesheet() -> SafeString:
    """Return the link to the stylesheet that every page of the editors gets after Wagtail's own."""
    return format_html('<link rel="stylesheet" href="{}">', static("css/admin.css"))
