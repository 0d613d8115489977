"""Bringing the groups of staff into line with accounts.roles."""

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from wagtail.models import Collection, GroupCollectionPermission, GroupPagePermission, Page

from accounts import roles


@transaction.atomic
def ensure_groups() -> list[Group]:
    """Make the groups of accounts.roles with their rights, adding what is missing; may be called at any time."""
    known = _permissions()
    page = Page.objects.filter(depth=1).first()
    collection = Collection.objects.filter(depth=1).first()
    groups = []
    for name, role in roles.ROLES.items():
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.add(*(known[label] for label in sorted(role.permissions) if label in known))
        if page:
            _ensure_page_permissions(group, page, [known[f"wagtailcore.{codename}"] for codename in role.pages])
        if collection:
            _ensure_collection_permissions(group, collection, [known[label] for label in role.collections])
        groups.append(group)
    return groups


def _permissions() -> dict[str, Permission]:
    rows = Permission.objects.select_related("content_type")
    return {f"{row.content_type.app_label}.{row.codename}": row for row in rows}


def _ensure_page_permissions(group: Group, page: Page, permissions: list[Permission]) -> None:
    held = set(GroupPagePermission.objects.filter(group=group, page=page).values_list("permission_id", flat=True))
    GroupPagePermission.objects.bulk_create(
        GroupPagePermission(group=group, page=page, permission=one) for one in permissions if one.pk not in held
    )


def _ensure_collection_permissions(group: Group, collection: Collection, permissions: list[Permission]) -> None:
    rows = GroupCollectionPermission.objects.filter(group=group, collection=collection)
    held = set(rows.values_list("permission_id", flat=True))
    GroupCollectionPermission.objects.bulk_create(
        GroupCollectionPermission(group=group, collection=collection, permission=one)
        for one in permissions
        if one.pk not in held
    )
