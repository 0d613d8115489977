"""The inbox's pages. Nothing in a mail is trusted: its HTML is shown in a frame that can run and reach nothing."""

import re

from csp.decorators import csp_update
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from demo.inbox import maildir

PER_PAGE = 50
# The frame's own policy: styles and drawn pictures of the mail itself, and links that a person follows to a new tab.
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)
DOWNLOAD_POLICY = "default-src 'none'; sandbox"
HEAD = re.compile(r"<head[^>]*>", re.IGNORECASE)
CALENDAR = re.compile(r"text/calendar(;[ -~]*)?")


@require_safe
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """List the caught mails, newest first; only the headers of the page's own mails are read."""
    page = Paginator(maildir.keys(), PER_PAGE).get_page(request.GET.get("page"))
    mails = [maildir.summary(key) for key in page.object_list]
    return render(request, "dev/inbox.html", {"mails": mails, "page_obj": page})


@require_safe
@never_cache
@csp_update({"frame-src": ["'self'"]})  # type: ignore[arg-type]
def message(request: HttpRequest, key: str) -> HttpResponse:
    """Show one mail: its HTML in a frame, its text, its attachments and its headers."""
    return render(request, "dev/inbox_message.html", {"mail": _or_404(key)})


@require_safe
@never_cache
def html(request: HttpRequest, key: str) -> HttpResponse:
    """Answer a mail's HTML part as it is, but for links, which open a new tab."""
    content = _or_404(key).html
    if not content:
        raise Http404
    base = '<base target="_blank">'
    content = HEAD.sub(lambda found: found.group() + base, content, count=1) if HEAD.search(content) else base + content
    response = HttpResponse(content)
    response["Content-Security-Policy"] = FRAME_POLICY
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
@never_cache
def raw(request: HttpRequest, key: str) -> HttpResponse:
    """Download the whole mail as it came."""
    try:
        content = maildir.path_of(key).read_bytes()
    except maildir.NoSuchMessage:
        raise Http404 from None
    return _download(content, "message/rfc822", "message.eml")


@require_safe
@never_cache
def part(request: HttpRequest, key: str, number: int) -> HttpResponse:
    """Download one attachment; a calendar file keeps its type, anything else is mere bytes."""
    try:
        found = maildir.part(key, number)
    except maildir.NoSuchMessage:
        raise Http404 from None
    is_calendar = CALENDAR.fullmatch(found.content_type)
    content_type = found.content_type if is_calendar else "application/octet-stream"
    filename = re.sub(r"[^\w.-]+", "-", found.filename) or ("invitation.ics" if is_calendar else "attachment")
    return _download(found.content, content_type, filename)


def _or_404(key: str) -> maildir.Mail:
    try:
        return maildir.read(key)
    except maildir.NoSuchMessage:
        raise Http404 from None


def _download(content: bytes, content_type: str, filename: str) -> HttpResponse:
    response = HttpResponse(content, content_type=content_type)
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
    response["Content-Security-Policy"] = DOWNLOAD_POLICY
    return response
