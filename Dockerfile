# Two images from one file: `web` without torch, `worker` with it.
FROM python:3.11-slim AS build
WORKDIR /src
RUN pip install --no-cache-dir build
COPY . .
RUN python -m build --wheel --outdir /wheels

FROM python:3.11-slim AS web
RUN useradd --create-home --uid 10001 blindread && mkdir /data && chown blindread /data
COPY --from=build /wheels /wheels
COPY constraints.txt /constraints.txt
RUN pip install --no-cache-dir --constraint /constraints.txt /wheels/*.whl
USER blindread
ENV BLINDREAD_DATA_DIR=/data BLINDREAD_HOST=0.0.0.0
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["sh", "-c", "blindread migrate && exec blindread serve"]

FROM web AS worker
USER root
# On Linux the default torch brings CUDA, several GB. For a CPU worker pass TORCH="torch==2.13.0+cpu" and PIP_EXTRA_INDEX_URL.
ARG TORCH="torch~=2.13.0"
ARG PIP_EXTRA_INDEX_URL=""
RUN wheel=$(ls /wheels/*.whl) && pip install --no-cache-dir "$TORCH" && \
    pip install --no-cache-dir --constraint /constraints.txt "$wheel[worker]"
USER blindread
HEALTHCHECK NONE
CMD ["blindread", "worker", "--device", "auto"]
