"""News to thousands let a mail to one go first, though both are transactional."""

from collections.abc import Generator
from datetime import timedelta

import pytest
from django.db import connection

from core import clock
from mail import kinds, rates
from mail.kinds import MailKind, Rendering
from mail.models import Message
from mail.services import delivery, enqueue, ledger
from mail.services.asking_many import Asked, enqueue_many
from mail.services.ledger import MOST_GIVING_WAY
from tests.factories.mail import ask

pytestmark = pytest.mark.django_db


@pytest.fixture
def news() -> Generator[str]:
    """A kind of which hundreds are asked for at once."""

    def render(message: Message) -> Rendering:
        return Rendering("News", "mail/notice", {"paragraphs": ["News."]})

    kinds.register(MailKind("test-news", render, "News", gives_way=True))
    yield "test-news"
    kinds._registered.pop("test-news")


def tell(kind: str, number: int) -> None:
    due_at = clock.now() - timedelta(minutes=1)
    asked = [
        Asked(key=f"news:{n}", to=f"n{n}@city.example", language="en", params={"n": n}, due_at=due_at)
        for n in range(number)
    ]
    assert enqueue_many(kind=kind, asked=asked, stream="transactional") == number


def taken() -> list[str]:
    return [message.key for message in ledger.lease(stream="transactional", limit=20).messages]


def test_a_sign_in_code_asked_for_behind_500_news_leaves_in_the_next_lease(news: str) -> None:
    tell(news, 500)
    # A slow worker has just taken some.
    assert taken() == [f"news:{n}" for n in range(MOST_GIVING_WAY)]
    code = ask(is_secret=True)
    assert taken() == [code.key, *(f"news:{n}" for n in range(5, 10))]


def test_a_worker_that_took_all_it_may_of_them_asks_for_more(news: str) -> None:
    tell(news, MOST_GIVING_WAY + 1)
    assert [ledger.lease(stream="transactional", limit=20).is_full for _n in range(3)] == [True, False, False]


def test_news_to_one_give_way_as_those_to_many_do(news: str) -> None:
    enqueue(key="news", kind=news, to="n@city.example", language="en", params={})
    code = ask()
    assert taken() == [code.key, "news"]


def test_many_mails_to_one_leave_no_room_for_news_in_the_same_lease(news: str) -> None:
    tell(news, 30)
    keys = [ask().key for _n in range(20)]
    assert taken() == keys
    assert Message.objects.filter(state="queued").count() == 30


def test_a_code_overtakes_news_on_their_way_to_the_server(news: str, mail_server) -> None:
    tell(news, 3 * MOST_GIVING_WAY)
    delivery.deliver(stream="transactional")
    code = ask(to="ana@city.example")
    delivery.deliver(stream="transactional")
    left = Message.objects.filter(state="accepted").order_by("started_at").values_list("key", flat=True)
    assert list(left) == [*(f"news:{n}" for n in range(5)), code.key, *(f"news:{n}" for n in range(5, 10))]


def test_the_news_of_events_and_cohorts_give_way_and_nothing_else_does() -> None:
    assert {name for name in kinds.names() if kinds.get(name).gives_way} == {
        "event-moved",
        "event-called-off",
        "event-restored",
        "enrolment-called-off",
        "enrolment-no-seat",
    }


@pytest.mark.parametrize(("rate", "pace"), [(0, 20), (100, 20), (2, 2), (0.5, 0.5)])
def test_news_fall_due_no_faster_than_the_set_rate(settings, rate: float, pace: float) -> None:
    settings.MAIL_RATES = {"transactional": rate}
    assert rates.at_most("transactional", 20) == pace


def test_a_lease_walks_along_its_index_however_much_waits(news: str) -> None:
    ask()
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO mail_message (key, kind, stream, created_at, to_address, language, due_at, message_id, gives_way)
            SELECT 'm:' || n, 'plain', 'transactional', now(), 'a@city.example', 'en',
                now() + make_interval(secs => n - 1000), '<' || n || '@x>', n % 2 = 0
            FROM generate_series(1, 5000) AS n
        """)
        cursor.execute("ANALYZE mail_message")
        values = {"lease": None, "until": None, "stream": "transactional", "now": clock.now(), "limit": 20}
        cursor.execute(f"EXPLAIN {ledger._LEASE}", {**values, "giving_way": 5})
        plan = [line for (line,) in cursor.fetchall()]
    assert sum("mail_message_turn" in line for line in plan) == 2
    assert not [line for line in plan if "Seq Scan on mail_message" in line or "Sort" in line]
