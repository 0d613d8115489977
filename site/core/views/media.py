"""Pictures of the demo, which has no web server in front; elsewhere that server or a bucket hands them out."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# Where Wagtail puts pictures. Documents have a view of their own, which asks for permission.
FOLDERS = ("images/", "original_images/")
KINDS = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".avif")


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """Hand out a picture's file, which a browser will treat as nothing else."""
    if not path.startswith(FOLDERS) or not path.lower().endswith(KINDS):
        raise Http404
    response = serve(request, path, document_root=str(settings.MEDIA_ROOT))
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cache-Control"] = "public, max-age=86400"
    return response
