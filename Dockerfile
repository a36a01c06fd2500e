# The platform's one image; what it runs is a command of `totetaxi` (see docker-compose.yml). No embedded servers inside.
FROM python:3.13-slim AS build
WORKDIR /app
COPY requirements.run.lock ./
RUN python -m venv /venv && /venv/bin/pip install --no-cache-dir --require-hashes -r requirements.run.lock
COPY pyproject.toml cli.py setting_kinds.py settings.py ./
COPY api api
COPY bench bench
COPY commands commands
COPY domain domain
COPY eventlog eventlog
COPY integrations integrations
COPY projections projections
COPY workers workers

FROM python:3.13-slim
RUN useradd --system --uid 10001 totetaxi && install --directory --owner totetaxi /data
COPY --from=build /venv /venv
COPY --from=build /app /app
ENV PATH=/venv/bin:$PATH PYTHONPATH=/app PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 TOTETAXI_HOST=0.0.0.0
ENV TOTETAXI_DATA=/data
RUN printf '#!/bin/sh\nexec python -m cli "$@"\n' > /usr/local/bin/totetaxi && chmod 755 /usr/local/bin/totetaxi
WORKDIR /app
USER totetaxi
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["totetaxi"]
CMD ["api"]
