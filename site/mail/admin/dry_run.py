"""The screen before any message to many: counts, samples, when it would leave, and one button."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.generic import TemplateView, View
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from core import languages
from mail import rehearsal
from mail.admin.message import frame_policy
from mail.rehearsal import Audience, NoSuchWording, Rehearsal

# Names the wording in the address of a sample.
WORDING = "wording"


class DryRunView(WagtailAdminTemplateMixin, TemplateView, ABC):
    """Rehearses an audience on GET and acts on POST; subclasses say whose audience, when, and what acting is.

    A subclass checks in `dispatch` who may do this, before anything is counted.
    """

    template_name = "mail/admin/dry_run.html"
    page_title: Any = _("Dry run")
    button: Any = ""
    done: Any = ""
    note: Any = ""
    refusals: tuple[type[Exception], ...] = ()
    # Whether people may still join the audience, in whatever language.
    is_for_later = False

    @abstractmethod
    def get_audience(self) -> Audience:
        """Return who would get it."""

    @abstractmethod
    def get_leaves_at(self) -> datetime | None:
        """Return when the first message would leave, if acted on now."""

    @abstractmethod
    def get_sample_url(self, language: str) -> str:
        """Return the address of a `SampleView` of the same audience."""

    @abstractmethod
    def get_back_url(self) -> str:
        """Return where staff come from."""

    def get_mark(self) -> str:
        """Return what the button says was looked at, in its field `seen`; nothing where what leaves cannot change."""
        return ""

    @abstractmethod
    def act(self) -> str:
        """Do it, and return where to go."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Act; a refusal is shown in its own words."""
        try:
            target = self.act()
        except self.refusals as refusal:
            return self.render_to_response(self.get_context_data(refusal=str(refusal)), status=409)
        messages.success(request, self.done)
        return redirect(target)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the rehearsal."""
        # First: what changes while this counts is then taken for another dry run, rather than not noticed.
        mark = self.get_mark()
        audience = self.get_audience()
        found = rehearsal.rehearse(audience)
        return super().get_context_data(
            **kwargs,
            mark=mark,
            audience=audience,
            rehearsal=found,
            samples=_read(found, self.get_sample_url, all_languages=self.is_for_later),
            is_for_later=self.is_for_later,
            leaves_at=self.get_leaves_at(),
            button=self.button,
            note=self.note,
            back_url=self.get_back_url(),
        )


class SampleView(View, ABC):
    """One sample's HTML alone, for the frame of a dry run, under a policy that lets it do nothing."""

    @abstractmethod
    def get_audience(self) -> Audience:
        """Return the audience of the dry run."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Write the sample, of the wording that the address names, and answer it as it would leave."""
        language = kwargs["language"]
        if language not in languages.codes():
            raise Http404
        try:
            content = rehearsal.sample(self.get_audience(), language, request.GET.get(WORDING, ""))
        except NoSuchWording as unknown:
            raise Http404 from unknown
        response = HttpResponse(content.html)
        response["Content-Security-Policy"] = frame_policy()
        response["Referrer-Policy"] = "no-referrer"
        return response


@dataclass(frozen=True)
class Part:
    """One of the mails that an act asks for: who would get it and how it would read, under a heading where many do."""

    audience: Audience
    leaves_at: datetime
    sample_url: Callable[[str], str]
    heading: Any = ""


def rehearsed(*parts: Part) -> dict[str, Any]:
    """Return what `mail/admin/parts/rehearsed.html` shows beneath an act's button; no samples where nobody is told.

    `sample_url` of a part returns the address of a `SampleView` of the same audience in a language. Parts that nobody
    gets are left out; of several, one stands for all that nobody gets any.
    """
    shown = [_rehearsed(part) for part in parts]
    return {"parts": [one for one in shown if one["rehearsal"].total] or shown[:1]}


def _rehearsed(part: Part) -> dict[str, Any]:
    found = rehearsal.rehearse(part.audience)
    return {
        "heading": part.heading if found.total else "",
        "rehearsal": found,
        "samples": _read(found, part.sample_url) if found.total else [],
        "leaves_at": part.leaves_at if found.total else None,
    }


def _read(found: Rehearsal, sample_url: Callable[[str], str], *, all_languages: bool = False) -> list[dict[str, Any]]:
    """Return the samples in the languages that somebody reads; all of them while nobody does."""
    read = [one for one in found.samples if one.number and not all_languages]
    return [{"sample": one, "url": _address(sample_url(one.language), one.key)} for one in read or found.samples]


def _address(url: str, key: str) -> str:
    """Return the address of a sample, with the wording where there are several."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode({WORDING: key})}" if key else url
