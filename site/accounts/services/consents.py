"""Writing down what people agreed to."""

from dataclasses import dataclass

from accounts import consent
from accounts.errors import UnknownAddressee
from accounts.models import ConsentRecord, User


@dataclass(frozen=True)
class Wording:
    """The sentence that the person saw, word for word: `version` names the text, `language` its translation."""

    text: str
    version: str
    language: str


def record_consent(
    *,
    purpose: str,
    wording: Wording,
    channel: str,
    given: bool = True,
    person: User | None = None,
    email: str = "",
) -> ConsentRecord:
    """Append one decision to the consent log, inside the caller's transaction.

    `purpose` is a slug such as "newsletter"; `channel` the address of the form, without its query. Give the
    `person`, or the `email` of a guest; a person's own address is used when `email` is left out. `given=False`
    records that an earlier consent was taken back. Raises UnknownAddressee and ValidationError.
    """
    address = email or (person.email if person else "")
    if not address:
        raise UnknownAddressee
    record = ConsentRecord(
        person=person,
        email_hash=consent.address_hash(address),
        purpose=purpose,
        given=given,
        wording=wording.text,
        wording_version=wording.version,
        wording_hash=consent.wording_hash(wording.text),
        language=wording.language,
        channel=channel[:200],
    )
    record.full_clean(exclude=["person"])
    record.save(force_insert=True)
    return record
