"""The controlled vocabularies: complete in five languages, loaded without harm, edited and retired by staff."""

from collections import Counter
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import translation

import core
from core import languages
from core.models import Term
from core.services import load_vocabularies
from tests.factories import accounts as people

DATA = Path(core.__file__).parent / "data"
CODES = ["en", "fr", "es", "pt", "ar"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def terms() -> list[Term]:
    load_vocabularies()
    return list(Term.objects.all())


def test_every_term_has_a_label_in_each_language(terms):
    assert languages.codes() == CODES
    assert len(terms) == 183
    lacking = [(str(term.vocabulary), term.slug) for term in terms if set(term.labels) != set(CODES)]
    assert lacking == []
    untidy = [label for term in terms for label in term.labels.values() if label != label.strip() or not label]
    assert untidy == []


def test_a_label_equals_the_english_one_only_where_that_is_meant(terms):
    equal = {
        f"{term.vocabulary}/{term.slug}/{code}"
        for term in terms
        for code in CODES[1:]
        if term.labels[code] == term.labels["en"]
    }
    allowed = set((DATA / "labels_equal_to_english.txt").read_text("utf-8").split())
    assert equal == allowed


@pytest.mark.parametrize("code", CODES)
def test_no_two_terms_of_a_vocabulary_read_the_same(terms, code):
    counted = Counter((term.vocabulary, term.labels[code].casefold()) for term in terms)
    assert [pair for pair, number in counted.items() if number > 1] == []


def test_arabic_labels_are_written_in_arabic(terms):
    allowed = (DATA / "labels_equal_to_english.txt").read_text("utf-8")
    foreign = [
        term.slug
        for term in terms
        if not any("\u0600" <= letter <= "\u06ff" for letter in term.labels["ar"])
        and f"{term.vocabulary}/{term.slug}/ar" not in allowed
    ]
    assert foreign == []


def test_loading_again_changes_nothing_and_asks_little(terms, django_assert_max_num_queries):
    with django_assert_max_num_queries(4):
        assert load_vocabularies() == 0
    assert list(Term.objects.all()) == terms


def test_loading_leaves_what_staff_have_written(terms):
    term = terms[0]
    term.labels = {"en": "Words of our own"}
    term.order, term.is_active, term.note = 99, False, "ours"
    term.save()
    load_vocabularies()
    term.refresh_from_db()
    assert (term.labels["en"], term.order, term.is_active, term.note) == ("Words of our own", 99, False, "ours")
    assert set(term.labels) == set(CODES)


def test_choices_come_in_the_readers_language_without_retired_terms(terms, django_assert_num_queries):
    retired = Term.objects.of("organisation-type").first()
    Term.objects.filter(pk=retired.pk).update(is_active=False)
    with translation.override("fr"), django_assert_num_queries(1):
        choices = Term.objects.choices("organisation-type")
    assert retired.slug not in dict(choices)
    expected = list(Term.objects.of("organisation-type").active().order_by("order", "slug"))
    assert choices == [(term.slug, term.labels["fr"]) for term in expected]
    assert len(choices) > 3


def test_a_missing_label_falls_back_to_english():
    term = Term(slug="new", labels={"en": "New", "es": "Nuevo"})
    assert (term.label_in("es"), term.label_in("ar")) == ("Nuevo", "New")
    assert Term(slug="bare").label_in("en") == "bare"


def test_the_database_refuses_a_term_twice_and_one_without_english():
    Term.objects.create(vocabulary="v", slug="s", labels={"en": "One"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(vocabulary="v", slug="s", labels={"en": "Two"})
    with pytest.raises(IntegrityError), transaction.atomic():
        Term.objects.create(vocabulary="v", slug="t", labels={"fr": "Trois"})


# The admin -----------------------------------------------------------------------------------------


@pytest.fixture
def staff() -> Client:
    return people.sign_in(Client(), people.PersonFactory(admin=True))


def test_staff_write_one_label_for_each_language(terms, staff):
    term = Term.objects.get(vocabulary="organisation-type", slug=terms_slug())
    page = staff.get(f"/admin/terms/edit/{term.pk}/")
    for code in CODES:
        assert f'name="label_{code}"'.encode() in page.content
    form = {f"label_{code}": f"Label {code}" for code in CODES}
    form |= {"vocabulary": "forged", "slug": "forged", "order": "5", "is_active": "on", "note": ""}
    assert staff.post(f"/admin/terms/edit/{term.pk}/", form).status_code == 302
    before = (term.vocabulary, term.slug)
    term.refresh_from_db()
    assert term.labels == {code: f"Label {code}" for code in CODES}
    assert (term.vocabulary, term.slug, term.order) == (*before, 5)


def terms_slug() -> str:
    return Term.objects.of("organisation-type").first().slug


def test_the_english_label_cannot_be_taken_away(terms, staff):
    term = Term.objects.of("organisation-type").first()
    form = {"label_en": " ", "label_fr": "Mairie", "order": "1", "is_active": "on", "note": ""}
    assert staff.post(f"/admin/terms/edit/{term.pk}/", form).status_code == 200
    assert Term.objects.get(pk=term.pk).labels == term.labels


def test_a_term_is_retired_and_never_deleted(terms, staff):
    term = Term.objects.of("organisation-type").first()
    address = f"/admin/terms/delete/{term.pk}/"
    for answer in (staff.get(address), staff.post(address)):
        assert (answer.status_code, answer.get("Location")) == (302, "/admin/")
    assert Term.objects.filter(pk=term.pk).exists()
    form = {f"label_{code}": term.labels[code] for code in CODES} | {"order": "1", "note": ""}
    assert staff.post(f"/admin/terms/edit/{term.pk}/", form).status_code == 302
    assert Term.objects.get(pk=term.pk).is_active is False


def test_a_term_is_found_by_a_label_in_any_language(terms, staff):
    term = Term.objects.get(vocabulary="emission-domain", slug="built-environment")
    answer = staff.get("/admin/terms/", {"q": term.labels["ar"]})
    assert answer.content.count(f"/admin/terms/edit/{term.pk}/".encode()) >= 1
    others = Term.objects.exclude(pk=term.pk).values_list("pk", flat=True)
    assert not [pk for pk in others if f'/admin/terms/edit/{pk}/"'.encode() in answer.content]


def test_a_search_for_a_language_s_code_finds_labels_and_no_codes(staff):
    for slug, label in (("first", "Green roofs"), ("second", "Trams")):
        Term.objects.create(vocabulary="v", slug=slug, labels={"en": label, "fr": label})
    assert list(Term.objects.of("v").labelled_like("en").values_list("slug", flat=True)) == ["first"]


@pytest.mark.parametrize("number", [1, 3])
def test_the_listing_costs_the_same_for_any_number_of_terms(staff, django_assert_num_queries, number):
    for count in range(number):
        Term.objects.create(vocabulary="v", slug=f"s{count}", labels={"en": str(count)})
    staff.get("/admin/terms/")
    with django_assert_num_queries(9):
        staff.get("/admin/terms/")


def test_readers_cannot_reach_the_vocabularies(terms):
    client = people.sign_in(Client(), people.PersonFactory())
    before = list(Term.objects.order_by("pk").values_list("labels", "order", "is_active", "note"))
    form = {f"label_{code}": "Ours" for code in CODES} | {"order": "1", "note": "Ours"}
    for address in ("/admin/terms/", f"/admin/terms/edit/{Term.objects.first().pk}/"):
        for answer in (client.get(address), client.post(address, form)):
            assert (answer.status_code, answer["Location"]) == (302, f"/_/sign-in/?next={address}")
    assert list(Term.objects.order_by("pk").values_list("labels", "order", "is_active", "note")) == before
