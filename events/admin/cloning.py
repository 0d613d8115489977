"""Making the next webinar out of the last one: everything but dates and history."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin

from accounts.visitors import signed_in
from events import rules
from events.models import WebinarPage
from events.services import clone_webinar


class CloneForm(forms.Form):
    """The one thing that a clone needs at once."""

    title = forms.CharField(label=_("Title of the new webinar"), max_length=255)


class CloneView(WagtailAdminTemplateMixin, FormView):
    """Asks for a title, copies, and opens the new page in the editor."""

    form_class = CloneForm
    template_name = "core/admin/act.html"
    page_title = _("Clone a webinar")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let in who may copy the page."""
        self.page = get_object_or_404(WebinarPage, pk=kwargs["pk"])
        if not rules.may_clone(signed_in(request), self.page):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get_page_subtitle(self) -> str:
        """Return the title of what is cloned."""
        return self.page.title

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back to the list and to the page."""
        return [
            *self.breadcrumbs_items,
            {"url": reverse("webinars:index"), "label": _("Webinars")},
            {"url": reverse("wagtailadmin_pages:edit", args=[self.page.pk]), "label": self.page.title},
            {"url": "", "label": self.page_title},
        ]

    def get_initial(self) -> dict[str, Any]:
        """Start from the title there is."""
        return {"title": self.page.title}

    def form_valid(self, form: CloneForm) -> HttpResponse:
        """Clone, and go to the editor."""
        new = clone_webinar(page=self.page, title=form.cleaned_data["title"], by=signed_in(self.request))
        messages.success(self.request, _("This is the new webinar, a draft. Give it a date and publish it."))
        return redirect("wagtailadmin_pages:edit", new.pk)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what will happen."""
        return super().get_context_data(
            **kwargs,
            sentence=_("The new webinar keeps words, programme, seats and languages; dates and link are empty."),
            button=_("Clone"),
            back_url=reverse("wagtailadmin_pages:edit", args=[self.page.pk]),
        )
