"""People in the admin: found by name or address, made without a password, never deleted by hand."""

from django.core.exceptions import PermissionDenied
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext
from wagtail.admin.ui.tables import BooleanColumn, BulkActionsCheckboxColumn, Column, DateColumn
from wagtail.users.views.users import CreateView, DeleteView, EditView, IndexView, UserColumn, UserViewSet

from accounts import rules
from accounts.admin.forms import PersonCreationForm, PersonEditForm
from accounts.errors import AddressTaken, PersonChanged
from core.admin.refusals import RefusedWhenStored
from mail.admin import mailbox


class PersonIndexView(IndexView):
    page_title = _("People")
    add_item_label = _("Add a person")

    @cached_property
    def columns(self) -> list:
        """The list's columns; Wagtail's own would call the address a user name."""
        return [
            BulkActionsCheckboxColumn("bulk_actions", obj_type="user"),
            self._get_title_column_class(UserColumn)(
                "display_name",
                accessor="get_full_name",
                label=_("Name"),
                sort_key="display_name",
                get_url=self.get_edit_url,
                classname="name",
            ),
            Column("email", label=_("E-mail"), sort_key="email", width="25%"),
            Column("access", accessor=_access, label=_("Access"), width="20%"),
            BooleanColumn("is_active", label=_("Active"), sort_key="is_active", width="10%"),
            DateColumn("last_login", label=_("Last sign-in"), sort_key="last_login", width="15%"),
        ]

    @cached_property
    def search_fields(self) -> list[str]:
        """Where the search box looks."""
        return ["email", "display_name", "organisation"]

    def get_base_queryset(self):
        """Return people with all that a row shows."""
        return super().get_base_queryset().select_related("wagtail_userprofile").prefetch_related("groups")

    def get_delete_url(self, instance) -> None:
        """Return nothing: people are erased with all that is about them, or not at all."""
        return

    def get_edit_url(self, instance) -> str | None:
        """Return the address of the form, unless the viewer may not use it."""
        return super().get_edit_url(instance) if rules.can_manage(self.request.user, instance) else None


def _access(person) -> str:
    if person.is_superuser:
        return pgettext("access", "Administrator")
    return ", ".join(sorted(group.name for group in person.groups.all()))


class FillsInPerson(RefusedWhenStored):
    """What the forms for a new and for a known person share."""

    # Somebody else took the address, or changed this person, since the form was checked.
    refusal = (AddressTaken, PersonChanged)

    def get_form_kwargs(self) -> dict:
        """Tell the form who fills it in."""
        return {**super().get_form_kwargs(), "actor": self.request.user}

    def take_in(self, form, refusal) -> None:
        """Say it at the address, or above the form with what is others' work in its fields."""
        if isinstance(refusal, PersonChanged):
            form.show_as_it_is()
        form.add_error("email" if isinstance(refusal, AddressTaken) else None, refusal.sentence)


class PersonCreateView(FillsInPerson, CreateView):
    page_title = _("Add a person")
    success_message = _("%(object)s has an account now, and a mail that says how to sign in.")


class PersonEditView(FillsInPerson, EditView):
    success_message = _("%(object)s is saved.")
    error_message = _("Nothing is saved yet: see what is marked below.")

    def get_context_data(self, **kwargs) -> dict:
        """Lead whoever may look to the mail of this person."""
        may_look = self.request.user.has_perm(mailbox.VIEW)
        return super().get_context_data(**kwargs, mailbox_url=mailbox.person_url(self.object) if may_look else "")

    def dispatch(self, request, *args, **kwargs):
        """Refuse anyone who is not an administrator an administrator's account."""
        if not rules.can_manage(request.user, self.object):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class PersonDeleteView(DeleteView):
    def dispatch(self, request, *args, **kwargs):
        """Refuse: deleting the row alone would leave behind what belongs to the person."""
        raise PermissionDenied


class PersonViewSet(UserViewSet):
    menu_label = _("People")
    ordering = ["display_name", "email"]
    index_view_class = PersonIndexView
    add_view_class = PersonCreateView
    edit_view_class = PersonEditView
    delete_view_class = PersonDeleteView
    copy_view_enabled = False
    create_template_name = "accounts/admin/person_create.html"
    edit_template_name = "accounts/admin/person_edit.html"

    def get_form_class(self, for_update: bool = False):
        """Return the form for a new or a known person."""
        return PersonEditForm if for_update else PersonCreationForm
