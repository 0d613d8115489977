# The steps are the Makefile's; the image only chooses where they run.

# The full image has make, so that nothing is installed to install.
FROM python:3.11-trixie AS build
# Media in a bucket are what several machines need; `--build-arg EXTRAS=` leaves its client out.
ARG EXTRAS=s3
WORKDIR /app
COPY . .
ENV UV_LINK_MODE=copy
RUN --mount=type=cache,target=/root/.cache make install-production EXTRAS="$EXTRAS" \
    # What installs is not needed by what runs, nor are libraries' own tests and the sources of their catalogues.
    && .venv/bin/python -m pip uninstall --yes --quiet uv pip \
    && find .venv/lib \( -name tests -type d -o -name '*.po' \) -prune -exec rm -r {} +

# For `manage.py backup` and `restore`: not older than the server, see docs/operations.md. The package wants Perl for its
# wrappers; the programs themselves do with one library.
FROM python:3.11-slim-trixie AS postgresql
RUN apt-get update \
    && apt-get install -y --no-install-recommends "postgresql-client-17=17.*" \
    && rm -rf /var/lib/apt/lists/*

FROM python:3.11-slim-trixie
RUN apt-get update \
    && apt-get install -y --no-install-recommends "libpq5=17.*" \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin gkec \
    && install -d -o gkec -g gkec /app/var/media /backups
WORKDIR /app
COPY --from=postgresql /usr/lib/postgresql/17/bin/pg_dump /usr/lib/postgresql/17/bin/pg_restore /usr/local/bin/
# Belongs to root: what runs cannot change what it runs.
COPY --from=build /app /app
ENV PATH=/app/.venv/bin:$PATH \
    DJANGO_SETTINGS_MODULE=gkec.settings.production \
    PYTHONUNBUFFERED=1 \
    LOG_FORMAT=json
USER 10001
EXPOSE 8000
VOLUME ["/app/var/media"]
# As a file: the package would load Celery, which takes ten times as long, twice a minute.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --start-interval=3s --retries=3 \
    CMD ["python", "-P", "site/gkec/healthcheck.py"]
# Workers, beat and migrations run from the same image; their commands stand in compose.yaml.
CMD ["gunicorn", "--config", "python:gkec.gunicorn_conf", "gkec.wsgi:application"]
