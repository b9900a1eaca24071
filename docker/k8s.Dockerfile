# Tollgate for Kubernetes: the evaluation beside an OpenClaw gateway (`tollgate k8s attach`) and shards of a sweep (`tollgate k8s run`).
# From the repository's root:
#   docker build -f docker/k8s.Dockerfile -t tollgate-k8s .
#   kind load docker-image tollgate-k8s:latest --name openclaw
# For nodes of another kind than this machine: docker build --platform linux/amd64 …
# Another Debian with Node 24 and npm: --build-arg BASE=registry/node:24
ARG BASE=node:24-bookworm-slim
FROM ${BASE} AS packages
WORKDIR /opt/tollgate
COPY package.json package-lock.json .npmrc ./
# Without OpenClaw: beside a gateway it is there already. Shards whose agent it is need it: --build-arg OPENCLAW=yes
ARG OPENCLAW=no
RUN if [ "$OPENCLAW" = yes ]; then \
      openclaw=$(npm pkg get optionalDependencies.openclaw | tr -d '"') \
      && npm pkg delete devDependencies optionalDependencies && npm pkg set "dependencies.openclaw=$openclaw" && npm ci --no-progress; \
    else npm ci --no-progress --omit=dev --omit=optional --ignore-scripts; fi \
 && npm cache clean --force

FROM ${BASE}
# What tasks run: git, Python; the certificates are for model servers and MLflow behind TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates git python3-minimal \
 && rm -rf /var/lib/apt/lists/* \
 && ln -s /opt/tollgate/bin/tollgate /usr/local/bin/tollgate \
 && mkdir -m 777 /results
WORKDIR /opt/tollgate
COPY --from=packages /opt/tollgate/node_modules ./node_modules
COPY package.json ./
COPY bin ./bin
COPY bench ./bench
COPY suites ./suites
COPY openclaw-tau2 ./openclaw-tau2
COPY experiments ./experiments
# There is no checkout here that a run could name: shards of two images are told apart by what is in them.
RUN find package.json bin bench suites openclaw-tau2 node_modules/.package-lock.json -type f -print0 \
  | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum | cut -d ' ' -f 1 > sources.sha256
# Written is below /results and /tmp alone, so any user will do: OpenShift gives a container one of its own.
ENV HOME=/tmp NODE_COMPILE_CACHE=/tmp/node-compile-cache
USER 1000:0
RUN tollgate --version
ENTRYPOINT ["tollgate"]
CMD ["--help"]
