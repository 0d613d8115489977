"""Forms that were right when they were checked, and are refused when they are stored."""

from http import HTTPStatus
from typing import Any

from django import forms
from django.http import HttpResponse


class RefusedWhenStored:
    """What the form of a generic view says where `refusal` is raised as it is stored: as if it had been seen before.

    `take_in` of the form puts it beside what was typed.
    """

    refusal: type[Exception] | tuple[type[Exception], ...]

    def form_valid(self, form: forms.Form) -> HttpResponse:
        """Store it, or show it again with status 409."""
        try:
            return super().form_valid(form)
        except self.refusal as refusal:
            self.take_in(form, refusal)
            # Asked again, for Wagtail notes there what it says above a form that is refused.
            self.is_valid(form)
            response = self.form_invalid(form)
            response.status_code = HTTPStatus.CONFLICT
            return response

    def take_in(self, form: Any, refusal: Exception) -> None:
        """Have the form show what is refused."""
        form.take_in(refusal)
