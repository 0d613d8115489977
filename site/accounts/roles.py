"""The groups that staff belong to, and what each may do.

Rights at the root page and the root collection hold everywhere below. An app grants rights on its own
models from its `AppConfig.ready`:

    roles.grant(roles.EVENT_MANAGERS, "events.view_registration", "events.change_registration")

`services.ensure_groups` brings the database into line after each migration. It only adds: what staff give a
group besides stays; to take a right away from a role, change it here.
"""

from dataclasses import dataclass, field

EDITORS = "Editors"
MODERATORS = "Moderators"
EVENT_MANAGERS = "Event managers"


@dataclass
class Role:
    """One group: its rights on pages from the root down, in the root collection, and on models."""

    pages: tuple[str, ...] = ("add_page", "change_page", "publish_page", "lock_page", "unlock_page")
    collections: tuple[str, ...] = (
        "wagtailimages.add_image",
        "wagtailimages.change_image",
        "wagtailimages.choose_image",
        "wagtaildocs.add_document",
        "wagtaildocs.change_document",
        "wagtaildocs.choose_document",
    )
    permissions: set[str] = field(
        default_factory=lambda: {"wagtailadmin.access_admin", "wagtail_localize.submit_translation"}
    )


ROLES = {EDITORS: Role(), MODERATORS: Role(), EVENT_MANAGERS: Role()}


def grant(group: str, *permissions: str) -> None:
    """Give a role further rights, named `app_label.codename`; a right whose model is not installed is left out."""
    ROLES[group].permissions.update(permissions)


grant(EDITORS, "core.add_term", "core.change_term", "core.view_term")
# Who answers "I got no mail": event managers read the outbox and send again. Letting mail flow again to an address that
# is suppressed, and the rights of persons (GDPR articles 15 and 17), stay with administrators.
grant(EVENT_MANAGERS, "mail.view_message", "mail.view_resend", "mail.add_resend")
grant(EVENT_MANAGERS, "mail.view_suppression", "mail.add_suppression", "core.view_heartbeat")
