"""The only writers of people, their groups and their consents."""

from accounts.services.consents import Wording, record_consent
from accounts.services.factors import reencrypt_factors
from accounts.services.groups import ensure_groups
from accounts.services.people import (
    admin_language,
    change_address,
    create_person,
    drop_unproved_password,
    end_all_sessions,
    end_sessions,
    follow_in_admin,
    forget_expired_sessions,
    invite_person,
    is_taken,
    put_in_groups,
    set_active,
    update_profile,
)
from accounts.services.repeating import forget_old_notes, repeat_erasures
from accounts.services.rights import counts, erase, erase_address, export, has_account, subject_for, subject_of

__all__ = [
    "Wording",
    "admin_language",
    "change_address",
    "counts",
    "create_person",
    "drop_unproved_password",
    "end_all_sessions",
    "end_sessions",
    "ensure_groups",
    "erase",
    "erase_address",
    "export",
    "follow_in_admin",
    "forget_expired_sessions",
    "forget_old_notes",
    "has_account",
    "invite_person",
    "is_taken",
    "put_in_groups",
    "record_consent",
    "reencrypt_factors",
    "repeat_erasures",
    "set_active",
    "subject_for",
    "subject_of",
    "update_profile",
]
