# One image for everything: `docker build -t tradeline .`; what to run: compose.yaml.
# A thin wrapper: the same scripts as on any Debian machine do the work.
FROM debian:bookworm-slim

RUN apt-get update \
    && apt-get install --yes --no-install-recommends python3 python3-venv ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/tradeline tradeline

WORKDIR /opt/tradeline

# The locked packages first: they change less often than the code.
COPY dev ./
COPY scripts scripts
COPY requirements requirements
RUN ./dev setup --run && rm -rf /root/.cache

COPY . .

USER tradeline
ENV TRADELINE_HOME=/var/lib/tradeline TRADELINE_HOST=0.0.0.0
VOLUME /var/lib/tradeline
EXPOSE 8000
HEALTHCHECK --start-period=90s CMD \
    ["/usr/bin/python3", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=5)"]
CMD [".venv/bin/tradeline", "serve"]
