"""The floor of registering: a bare Django view that locks a row, counts and inserts, nothing else."""

import os

import django
from django.conf import settings

if not settings.configured:
    from gkec import environment as env

    settings.configure(
        SECRET_KEY="only-for-the-benchmark",
        ROOT_URLCONF=__name__,
        ALLOWED_HOSTS=["127.0.0.1"],
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        DATABASES={
            "default": {
                **env.database("DATABASE_URL"),
                "CONN_MAX_AGE": 0,
                "OPTIONS": {"pool": {"min_size": 1, "max_size": 5}},
            }
        },
    )
    django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLES = """
CREATE TABLE IF NOT EXISTS bench_event (id bigint PRIMARY KEY, capacity int NOT NULL, taken int NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS bench_seat (
    id bigserial PRIMARY KEY, event_id bigint NOT NULL REFERENCES bench_event,
    email text NOT NULL, waits boolean NOT NULL
);
CREATE INDEX IF NOT EXISTS bench_seat_event ON bench_seat (event_id);
TRUNCATE bench_seat, bench_event;
INSERT INTO bench_event VALUES (1, 100, 0), (2, 1000000000, 0);
"""


class Event(models.Model):
    capacity = models.IntegerField()

    class Meta:
        app_label = "bench"
        db_table = "bench_event"
        managed = False


class Seat(models.Model):
    event = models.ForeignKey(Event, on_delete=models.CASCADE)
    email = models.TextField()
    waits = models.BooleanField()

    class Meta:
        app_label = "bench"
        db_table = "bench_seat"
        managed = False


def register(request: HttpRequest) -> HttpResponse:
    """Take a seat, or a place behind those who have one."""
    if request.method != "POST":
        return HttpResponse("ready")
    with transaction.atomic():
        event = Event.objects.select_for_update().get(pk=1)
        taken = Seat.objects.filter(event=event, waits=False).count()
        Seat.objects.create(event=event, email=request.POST["email"], waits=taken >= event.capacity)
    return HttpResponse(status=303, headers={"Location": "/done/", "Content-Length": "0"})


urlpatterns = [path("", register)]
application = WSGIHandler() if os.environ.get("BENCH_BARE") else None
