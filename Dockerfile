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
ENV NODE_ENV=production \
    INGRESS_SPOOL_DIR=/var/lib/pathors/spool \
    ARCHIVE_SPILL_DIR=/var/lib/pathors/spill \
    INGRESS_SHUTDOWN_DELAY_MS=10000 \
    HEALTH_URL=http://127.0.0.1:8080/healthz
RUN install -d -o node /var/lib/pathors/spool /var/lib/pathors/spill
WORKDIR /app
COPY package.json LICENSE ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
USER node
EXPOSE 8080 9090
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(process.env.HEALTH_URL).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/ingress/main.js"]
