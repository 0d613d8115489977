"""Editors translate a page and everything below it; what takes long is a row that no killed worker loses."""

import threading
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from kombu.exceptions import OperationalError
from wagtail.models import Locale, Page
from wagtail_localize.models import StringTranslation, Translation
from wagtail_localize.operations import translate_page_subtree

from core import tasks
from core.localizejobs import JobBackend
from core.models import TranslationJob
from core.services import translating
from tests.factories import accounts as people
from tests.factories import core as make


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The jobs for which a worker was rung."""
    calls: list[int] = []
    monkeypatch.setattr(translating.current_app, "send_task", lambda name, args: calls.extend(args))
    return calls


@pytest.fixture
def tree() -> dict[str, Page]:
    home = make.site_root()
    make.translated(home, "fr")
    section = make.child(home, "section", body=[("heading", {"text": "Why", "level": "h2"})])
    one = make.child(section, "one", summary="In short")
    return {"home": home, "section": section, "one": one, "two": make.child(section, "two")}


def french(page: Page) -> Page | None:
    return page.get_translations().filter(locale__language_code="fr").first()


@pytest.mark.django_db(transaction=True)
def test_an_editor_translates_a_page_and_publishes_it(tree, rung):
    client = people.sign_in(Client(), people.PersonFactory(admin=True))
    page = tree["section"]
    submitted = client.post(
        f"/admin/localize/submit/page/{page.pk}/", {"locales": [str(make.locale("fr").pk)], "include_subtree": ""}
    )
    assert submitted.status_code == 302
    target = french(page)
    assert (target.slug, target.live, target.title) == ("section", False, "Section")
    assert client.get(f"/admin/pages/{target.pk}/edit/").status_code == 200
    translation = Translation.objects.get(target_locale__language_code="fr", source__object_id=page.translation_key)
    strings = {
        segment.string.data: segment for segment in translation.source.stringsegment_set.select_related("string")
    }
    assert set(strings) == {"Section", "Why"}
    for source, words in {"Section": "Rubrique", "Why": "Pourquoi"}.items():
        answer = client.put(
            f"/admin/localize/translate/{translation.pk}/strings/{strings[source].pk}/edit/",
            urlencode({"value": words}),
            content_type="application/x-www-form-urlencoded",
        )
        assert answer.status_code in (200, 201), answer.content
    published = client.post(f"/admin/pages/{target.pk}/edit/", {"action": "publish"})
    assert published.status_code == 302
    html = Client().get("/fr/section/").content.decode()
    assert "<h1>Rubrique</h1>" in html
    assert '<h2 class="block-heading" dir="auto">Pourquoi</h2>' in html
    assert "<h1>Section</h1>" in Client().get("/en/section/").content.decode()
    assert StringTranslation.objects.filter(locale__language_code="fr").count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_subtree_is_a_row_first_and_then_a_workers_work(tree, rung):
    person = people.PersonFactory(admin=True)
    client = people.sign_in(Client(), person)
    answer = client.post(
        f"/admin/localize/submit/page/{tree['section'].pk}/",
        {"locales": [str(make.locale("fr").pk)], "include_subtree": "on"},
    )
    assert answer.status_code == 302
    job = TranslationJob.objects.get()
    assert (job.page_id, job.languages, job.asked_by) == (tree["section"].pk, ["fr"], person)
    assert rung == [job.pk]
    assert french(tree["one"]) is None
    tasks.translate_subtree(job.pk)
    job.refresh_from_db()
    assert job.finished_at is not None
    assert (french(tree["one"]).slug, french(tree["two"]).slug) == ("one", "two")
    assert not french(tree["one"]).live
    # Rung twice, it is done once.
    assert translating.translate(job_id=job.pk) is False


@pytest.mark.django_db(transaction=True)
def test_the_sweep_finds_what_a_silent_broker_left(tree, monkeypatch):
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("refused")

    monkeypatch.setattr(translating.current_app, "send_task", refuse)
    page = translated_section(tree)
    job = translating.ask_for_subtree(page=page, locales=[make.locale("fr")], user=None)
    assert french(tree["one"]) is None
    tasks.translate_waiting()
    job.refresh_from_db()
    assert job.finished_at is not None
    assert french(tree["one"]).slug == "one"


def translated_section(tree: dict[str, Page]) -> Page:
    make.translated(tree["section"], "fr")
    return tree["section"]


@pytest.mark.django_db
def test_a_job_that_fails_leaves_nothing_half_done_and_is_given_up_after_some_attempts(tree, rung, monkeypatch, caplog):
    page = translated_section(tree)
    job = translating.ask_for_subtree(page=page, locales=[make.locale("fr")], user=None)
    calls = []

    def half(*args: Any) -> None:
        calls.append(args)
        Page.objects.filter(pk=page.pk).update(title="Half done")
        raise RuntimeError("killed")

    monkeypatch.setattr(translating, "translate_page_subtree", half)
    for _ in range(8):
        assert translating.translate_waiting() == 0
    job.refresh_from_db()
    page.refresh_from_db()
    assert (len(calls), job.attempts, job.finished_at, page.title) == (5, 5, None, "Section")
    assert f"Translation job {job.pk} failed" in caplog.text
    # One that still can be done is not held up by it.
    monkeypatch.setattr(translating, "translate_page_subtree", translate_page_subtree)
    translating.ask_for_subtree(page=page, locales=[make.locale("fr")], user=None)
    assert translating.translate_waiting() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_translate_at_once_so_that_one_is_free_for_sweeps(tree, rung, monkeypatch):
    section = translated_section(tree)
    job, other = (
        translating.ask_for_subtree(page=section, locales=[make.locale(code)], user=None) for code in ("fr", "es")
    )
    entered, go_on, calls = threading.Event(), threading.Event(), []

    def slowly(*args: Any) -> None:
        calls.append(args)
        entered.set()
        assert go_on.wait(10)

    monkeypatch.setattr(translating, "translate_page_subtree", slowly)

    def work() -> None:
        try:
            translating.translate(job_id=job.pk)
        finally:
            connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert entered.wait(10)
    assert [translating.translate(job_id=one.pk) for one in (job, other)] == [False, False]
    go_on.set()
    first.join()
    assert len(calls) == 1
    # To wait for another is no attempt that failed.
    other.refresh_from_db()
    assert other.attempts == 0
    assert (translating.translate_waiting(), len(calls)) == (1, 2)


@pytest.mark.django_db
def test_what_is_no_subtree_runs_at_once():
    seen = []
    JobBackend({}).enqueue(lambda *args, **kwargs: seen.append((args, kwargs)), [1], {"a": 2})
    assert seen == [((1,), {"a": 2})]
    assert not TranslationJob.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("fields", [{"languages": []}, {"languages": ["fr"], "attempts": 6}])
def test_the_database_refuses_jobs_that_make_no_sense(tree, fields):
    with pytest.raises(IntegrityError), transaction.atomic():
        TranslationJob.objects.create(page=tree["home"], **fields)


@pytest.mark.django_db
def test_every_language_has_its_locale():
    assert set(Locale.objects.values_list("language_code", flat=True)) == {"en", "fr", "es", "pt", "ar"}
