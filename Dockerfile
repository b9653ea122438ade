# Ingress and processor: one image, two commands.
# Debian 12 has glibc 2.36, on which uWebSockets.js runs with Node 22 only.
FROM node:22-bookworm-slim AS base
WORKDIR /app
COPY package.json package-lock.json .npmrc ./

FROM base AS build
RUN npm ci --ignore-scripts
COPY . .
RUN node node_modules/typescript/bin/tsc -p tsconfig.json

FROM base AS dependencies
RUN npm ci --omit=dev --ignore-scripts

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="pathors-session-stream" \
      org.opencontainers.image.description="Catches every Pathors webhook, joins the events of a session exactly once on Kafka, and archives the recording" \
      org.opencontainers.image.version="0.2.0" \
      org.opencontainers.image.licenses="MIT"
# The root file system may be read-only: only the two volumes are written to. INGRESS_SHUTDOWN_DELAY_MS gives load balancers
# time to notice that an ingress is stopping.
ENV NODE_ENV=production \
    INGRESS_SPOOL_DIR=/var/lib/pathors/spool \
    ARCHIVE_SPILL_DIR=/var/lib/pathors/spill \
    INGRESS_SHUTDOWN_DELAY_MS=10000 \
    HEALTH_URL=http://127.0.0.1:8080/healthz
RUN install -d -o node -g node /var/lib/pathors/spool /var/lib/pathors/spill
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
VOLUME ["/var/lib/pathors/spool", "/var/lib/pathors/spill"]
# The user node, by its number: Kubernetes can tell from it that the image does not run as root.
USER 1000
EXPOSE 8080 9090
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Without the shell script of the base image.
ENTRYPOINT []
CMD ["node", "dist/ingress/main.js"]
