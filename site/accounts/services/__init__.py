"""The only writers of people, their groups and their consents."""

from accounts.services.consents import Wording, record_consent
from accounts.services.groups import ensure_groups
from accounts.services.people import (
    admin_language,
    change_address,
    create_person,
    drop_unproved_password,
    end_sessions,
    follow_in_admin,
    forget_unconfirmed,
    invite_person,
    is_taken,
    put_in_groups,
    set_active,
    update_profile,
)

__all__ = [
    "Wording",
    "admin_language",
    "change_address",
    "create_person",
    "drop_unproved_password",
    "end_sessions",
    "ensure_groups",
    "follow_in_admin",
    "forget_unconfirmed",
    "invite_person",
    "is_taken",
    "put_in_groups",
    "record_consent",
    "set_active",
    "update_profile",
]
