"""What tests about people's rights share: somebody of whom much is kept, and their way to a copy or to the end of it."""

import io
import json
import zipfile

from django.test import Client

from accounts import services
from accounts.models import ConsentRecord, User
from accounts.services import Wording
from tests.factories import events as make
from tests.factories.accounts import PASSWORD, PersonFactory, sign_in

DATA, DOWNLOAD, DELETE = "/en/account/data/", "/en/account/data/download/", "/en/account/delete/"


def ana_lima() -> User:
    """Make somebody with a registration, a guest's registration, mails, a consent and a language."""
    person = PersonFactory(email="ana@city.example", display_name="Ana Lima", language="fr", country="CO")
    make.registered(make.bare_event("Heat pumps"), "Ana Lima", email="ana@city.example", person=person)
    make.registered(make.bare_event("Bus lanes"), "Ana L.", email="Ana@City.example")
    consent(person=person)
    return person


def consent(**whose) -> ConsentRecord:
    """Write down a yes to the newsletter."""
    wording = Wording(text="Send me news.", version="1", language="en")
    return services.record_consent(purpose="newsletter", wording=wording, channel="/en/news/", **whose)


def fresh(client: Client, person: User) -> Client:
    """Sign in and confirm the password, as allauth asks before what cannot be undone."""
    sign_in(client, person, factor=False)
    client.post("/en/account/reauthenticate/", {"password": PASSWORD})
    return client


def opened(content: bytes) -> tuple[str, dict]:
    """Return the page and the data that a copy holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == ["index.html", "data.json"]
        return archive.read("index.html").decode(), json.loads(archive.read("data.json"))
