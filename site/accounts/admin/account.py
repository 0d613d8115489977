"""A member of staff's own account page in the admin."""

from django import forms
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from wagtail.admin.auth import require_admin_access
from wagtail.admin.views.account import AccountView, BaseSettingsPanel, LocaleSettingsPanel, NameEmailSettingsPanel

from accounts.forms import ProfileFields
from accounts.services import update_profile


class OwnAccountForm(ProfileFields):
    """Name, language and zone; the rest of the profile is on the public profile page."""

    fields_shown = ("display_name", "language", "timezone")

    def save(self) -> None:
        """Write the changes through the service, which brings the admin's copy into line."""
        update_profile(person=self.person, **self.cleaned_data)


class OwnAccountPanel(BaseSettingsPanel):
    name = "person"
    title = _("Name, language and time zone")
    order = 100
    form_class = OwnAccountForm

    def get_form(self) -> forms.Form:
        """Return the form, bound when posted."""
        data = self.request.POST if self.request.method == "POST" else None
        return self.form_class(data, person=self.user, prefix=self.name)


class OwnAccountView(AccountView):
    """Wagtail's page with our panel in the place of those for first name, last name, language and zone."""

    def get_panels(self) -> list[BaseSettingsPanel]:
        """Return our panel and Wagtail's that fit."""
        replaced = (NameEmailSettingsPanel, LocaleSettingsPanel)
        panels = [panel for panel in super().get_panels() if not isinstance(panel, replaced)]
        # The last to be saved: the other panels write Wagtail's profile whole, with the language they found in it.
        return [*panels, OwnAccountPanel(self.request, self.request.user, panels[0].profile)]


account = never_cache(require_admin_access(OwnAccountView.as_view()))
