# syntax=docker/dockerfile:1
# The steps are the Makefile's; the image only chooses where they run.

FROM python:3.11-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY . .
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy
RUN --mount=type=cache,target=/root/.cache make install-production

FROM python:3.11-slim-bookworm
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin gkec
WORKDIR /app
COPY --from=build /app /app
RUN install -d -o gkec -g gkec /app/var/media
ENV PATH=/app/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=gkec.settings.production \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json
USER gkec
EXPOSE 8000
VOLUME /app/var/media
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
# Workers and beat run from the same image: `celery -A gkec worker -Q transactional,default`,
# `celery -A gkec worker -Q bulk`, `celery -A gkec beat --schedule /tmp/beat`.
CMD ["gunicorn", "--bind", "0.0.0.0:8000", "--workers", "2", "--threads", "4", "--worker-class", "gthread", \
     "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-", \
     "--logger-class", "gkec.gunicornlog.RedactingLogger", "--no-control-socket", "gkec.wsgi:application"]
