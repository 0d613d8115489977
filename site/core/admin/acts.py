"""The frame of what staff do with one record: a sentence about what will happen, perhaps a few fields, a button."""

from abc import ABC, abstractmethod
from typing import Any

from django import forms
from django.http import HttpResponse, HttpResponseRedirect
from django.views.generic import FormView
from wagtail.admin import messages
from wagtail.admin.views.generic.base import WagtailAdminTemplateMixin


class ActView(WagtailAdminTemplateMixin, FormView, ABC):
    """GET asks, POST acts; a refusal is shown in its own words, with what was typed.

    Its heir says who may, by a mixin or in `dispatch`: the frame itself lets in whoever may use the admin.
    """

    form_class: type[forms.Form] = forms.Form
    template_name = "core/admin/act.html"
    sentence: Any = ""
    button: Any = ""
    done: Any = ""
    # The errors that carry a sentence for whoever acts.
    refusals: tuple[type[Exception], ...] = ()
    kwargs: dict[str, Any]

    @abstractmethod
    def act(self, said: dict[str, Any]) -> Any:
        """Call the service with what the form says."""

    def get_sentence(self) -> Any:
        """Return what will happen."""
        return self.sentence

    def get_done(self, acted: Any) -> Any:
        """Return what was done; `acted` is what `act` returned."""
        return self.done

    @abstractmethod
    def get_back_url(self) -> str:
        """Return where whoever does not act goes."""

    def get_done_buttons(self, acted: Any) -> list[Any]:
        """Return where to read more about what was done, made by `messages.button`."""
        return []

    def get_done_url(self, acted: Any) -> str:
        """Return where whoever has acted goes; `acted` is what `act` returned."""
        return self.get_back_url()

    def get_trail(self) -> list[dict[str, Any]]:
        """Return the steps of the way here, between the first page of the admin and this one."""
        return []

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        """Lead back along the trail."""
        return [*self.breadcrumbs_items, *self.get_trail(), {"url": "", "label": self.page_title}]

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Act, and lead on; a refusal is shown in its own words."""
        try:
            acted = self.act(form.cleaned_data)
        except self.refusals as refusal:
            return self.refused(refusal, form)
        messages.success(self.request, self.get_done(acted), buttons=self.get_done_buttons(acted))
        return HttpResponseRedirect(self.get_done_url(acted))

    def refused(self, refusal: Exception, form: forms.Form) -> HttpResponse:
        """Show a refusal in its own words, with what was typed."""
        form.add_error(None, str(refusal))
        return self.render_to_response(self.get_context_data(form=form), status=409)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add what will happen."""
        words = {"sentence": self.get_sentence(), "button": self.button, "back_url": self.get_back_url()}
        return super().get_context_data(**kwargs, **words)


class ButtonView(ActView):
    """A sentence and a button alone: what no longer fits leads back to how things stand now, and says why."""

    def refused(self, refusal: Exception, form: forms.Form) -> HttpResponse:
        """Lead back with the refusal in its own words."""
        messages.error(self.request, str(refusal))
        return HttpResponseRedirect(self.get_back_url())
