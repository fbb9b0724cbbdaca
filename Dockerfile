# One image for web, worker, beat and setup. Built in two stages: what only building needs stays behind.
FROM python:3.11-slim-bookworm AS build
WORKDIR /build
COPY requirements.txt .
RUN python -m venv /venv \
 && /venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --require-hashes --only-binary :all: -r requirements.txt

FROM python:3.11-slim-bookworm
# Pango draws the PDFs; the fonts stand in where Inter lacks a sign. The list is launcher/system.py's.
RUN apt-get update \
 && apt-get install -y --no-install-recommends libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/* \
 && groupadd --system --gid 10001 fmu \
 && useradd --system --uid 10001 --gid fmu --home-dir /nonexistent --shell /usr/sbin/nologin fmu \
 && install -d -o fmu -g fmu -m 0700 /data
COPY --from=build /venv /venv
WORKDIR /app
COPY manage.py ./
COPY accounts accounts
COPY audit audit
COPY correspondence correspondence
COPY documents documents
COPY fmu_portal fmu_portal
COPY launcher launcher
COPY orders orders
COPY regions regions
COPY reimbursement reimbursement
COPY rules rules
COPY static static
COPY templates templates
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=fmu_portal.settings \
    DATA_DIR=/data \
    SECRETS_DIR=/run/secrets \
    HOST=0.0.0.0 \
    PORT=8000
USER fmu
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "/app/launcher/gunicorn_conf.py", "fmu_portal.wsgi"]
