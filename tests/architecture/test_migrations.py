"""Migrations are safe while the release before them still runs; the linter that says so sees each danger."""

from collections.abc import Generator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import models
from django.db.migrations import Migration, operations
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.architecture import migrationlint

# The last migration of each app that was made before there was a release to upgrade from. Never raise a number: what
# comes later either is safe or stands below with a reason.
BASELINE = {
    "accounts": 4,
    "core": 4,
    "events": 5,
    "home": 1,
    "learning": 1,
    "mail": 4,
    "municipalities": 1,
    "search": 2,
}
# "app.migration: what the linter says": why it is safe all the same.
ALLOWED: dict[str, str] = {}


@pytest.fixture
def any_database(django_db_blocker: Any) -> Generator[None]:
    """Allow asking the server: wagtail-localize's first migration does while it is loaded, of any database there is.

    An empty one will do, so that the linter need not wait until one is migrated.
    """
    with django_db_blocker.unblock():
        yield


def own_apps() -> set[str]:
    ours = (one for one in apps.get_app_configs() if one.path.startswith(ROOT) and "site-packages" not in one.path)
    return {config.label for config in ours} - {"testpages"}


ROOT = __file__.rsplit("/tests/", maxsplit=1)[0]


def found_in_new_migrations() -> list[str]:
    loader = MigrationLoader(None)
    found = []
    for label, name in sorted(loader.graph.nodes):
        if label in own_apps() and int(name[:4]) > BASELINE.get(label, 0):
            migration = loader.graph.nodes[label, name]
            before = loader.project_state((label, name), at_end=False)
            found += [f"{label}.{name}: {one}" for one in migrationlint.problems(migration, before)]
    return found


@pytest.mark.usefixtures("any_database")
def test_new_migrations_are_safe_or_allowed_with_a_reason():
    assert sorted(set(found_in_new_migrations()) - set(ALLOWED)) == []


@pytest.mark.usefixtures("any_database")
def test_the_list_of_exceptions_holds_nothing_that_is_over():
    assert sorted(set(ALLOWED) - set(found_in_new_migrations())) == []


def test_the_linter_knows_every_big_table_by_its_name():
    assert sorted(migrationlint.BIG - {model._meta.label_lower for model in apps.get_models()}) == []


@pytest.mark.usefixtures("any_database")
def test_the_baseline_names_migrations_that_exist():
    on_disk = MigrationLoader(None).disk_migrations
    last = {label: max(int(name[:4]) for one, name in on_disk if one == label) for label in BASELINE}
    assert [label for label, number in BASELINE.items() if number > last[label]] == []


def state() -> ProjectState:
    """Return a state with one big table and one small one."""
    found = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.CharField(max_length=100, null=True))]
    for label, name in (("mail", "Message"), ("core", "Term")):
        found.add_model(ModelState(label, name, [(key, field.clone()) for key, field in fields]))
    return found


def lint(label: str, *given: Any) -> list[str]:
    migration = Migration("0099_example", label)
    migration.operations = list(given)
    return [one.split(": ", 1)[-1].split(":")[0] for one in migrationlint.problems(migration, state())]


TAKES_AWAY = "takes away what the running release reads"
CANNOT_INSERT = "the running release cannot insert rows without it"
LOCKS = "locks a big table"
INDEX = models.Index(fields=["name"], name="by_name")
REFUSES = "refuses what the running release, or the one put back, may write"
CHECK = models.CheckConstraint(condition=~models.Q(name=""), name="has_name")
ONCE = models.UniqueConstraint(fields=["name"], name="named_once")


@pytest.mark.parametrize(
    ("label", "operation", "expected"),
    [
        ("mail", operations.RemoveField("message", "name"), [TAKES_AWAY]),
        ("core", operations.RemoveField("term", "name"), [TAKES_AWAY]),
        ("core", operations.RenameField("term", "name", "title"), [TAKES_AWAY]),
        ("core", operations.DeleteModel("Term"), [TAKES_AWAY]),
        ("core", operations.RenameModel("Term", "Word"), [TAKES_AWAY]),
        ("core", operations.AlterModelTable("Term", "words"), [TAKES_AWAY]),
        ("core", operations.AddField("term", "new", models.IntegerField(default=0)), [CANNOT_INSERT]),
        ("core", operations.AddField("term", "new", models.IntegerField(default=0, db_default=0)), []),
        ("core", operations.AddField("term", "new", models.IntegerField(null=True)), []),
        ("core", operations.AddField("term", "new", models.IntegerField(null=True, db_index=True)), []),
        (
            "mail",
            operations.AddField("message", "new", models.IntegerField(null=True, db_index=True)),
            ["makes an index of a big table under a lock"],
        ),
        (
            "core",
            operations.AlterField("term", "name", models.TextField(null=True)),
            ["rewrites a column under the running release"],
        ),
        (
            "core",
            operations.AlterField("term", "name", models.CharField(max_length=50, null=True)),
            ["makes a column shorter than what the running release writes"],
        ),
        (
            "core",
            operations.AlterField("term", "name", models.CharField(max_length=100)),
            ["the running release may still write NULL, and every row is read under a lock"],
        ),
        ("core", operations.AlterField("term", "name", models.CharField(max_length=200, null=True)), []),
        ("mail", operations.AddIndex("message", INDEX), [LOCKS]),
        ("core", operations.AddIndex("term", INDEX), []),
        ("mail", AddIndexConcurrently("message", INDEX), []),
        ("mail", operations.AddConstraint("message", CHECK), [LOCKS, REFUSES]),
        ("mail", AddConstraintNotValid("message", CHECK), [REFUSES]),
        ("core", operations.AddConstraint("term", CHECK), [REFUSES]),
        ("core", operations.AddConstraint("term", ONCE), [REFUSES]),
        ("mail", operations.RunSQL("ALTER TABLE mail_message DROP COLUMN name"), [TAKES_AWAY]),
        ("mail", operations.RunSQL(["CREATE INDEX a ON mail_message (name)"]), ["makes an index without CONCURRENTLY"]),
        ("mail", operations.RunSQL("CREATE INDEX CONCURRENTLY a ON mail_message (name)"), []),
        (
            "mail",
            operations.RunSQL("ALTER TABLE mail_message ADD CONSTRAINT a CHECK (true)"),
            ["adds a constraint without NOT VALID"],
        ),
        ("mail", operations.RunSQL("ALTER TABLE mail_message ADD CONSTRAINT a CHECK (true) NOT VALID"), []),
        ("mail", operations.RunSQL("CREATE FUNCTION a() RETURNS int LANGUAGE sql AS 'SELECT 1'"), []),
    ],
)
def test_each_danger_is_seen_and_what_is_safe_passes(label, operation, expected):
    assert lint(label, operation) == expected


def test_a_table_made_by_the_same_migration_may_be_changed_at_will():
    made = operations.CreateModel("Report", [("id", models.BigAutoField(primary_key=True))])
    more = operations.AddField("report", "name", models.CharField(max_length=9, unique=True))
    assert lint("mail", made, more) == []


def test_a_constraint_may_speak_of_a_column_that_comes_with_it_and_take_the_place_of_another():
    added = operations.AddField("term", "new", models.IntegerField(null=True))
    either = models.CheckConstraint(condition=models.Q(name="a") | ~models.Q(new__gt=1), name="either")
    assert lint("core", added, operations.AddConstraint("term", either)) == []
    assert lint("core", operations.RemoveConstraint("term", "has_name"), operations.AddConstraint("term", CHECK)) == []
    assert lint("core", operations.RemoveConstraint("term", "other"), operations.AddConstraint("term", CHECK)) == [
        REFUSES
    ]


def test_what_happens_in_the_database_counts_and_not_what_django_is_told():
    gone = operations.RemoveField("message", "name")
    assert lint("mail", operations.SeparateDatabaseAndState(database_operations=[gone])) == [TAKES_AWAY]
    assert lint("mail", operations.SeparateDatabaseAndState(state_operations=[gone])) == []


@pytest.mark.parametrize(
    "filling", [operations.RunPython(lambda *_: None), operations.RunSQL("UPDATE mail_message SET name = 'a'")]
)
def test_data_is_filled_apart_from_the_schema(filling):
    added = operations.AddField("message", "new", models.IntegerField(null=True))
    assert lint("mail", added, filling) == ["fill in a migration of its own, in batches."]
    assert lint("mail", filling) == []
