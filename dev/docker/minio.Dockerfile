# MinIO, built from its last source: upstream no longer publishes images.
FROM golang:1.26-alpine AS build
ARG MINIO_VERSION=v0.0.0-20260212201848-7aac2a2c5b7c
RUN CGO_ENABLED=0 GOBIN=/out go install github.com/minio/minio@${MINIO_VERSION}

FROM alpine:3.22
RUN apk add --no-cache ca-certificates \
 && adduser -S -D -H -u 10001 minio \
 && mkdir /data && chown minio /data
COPY --from=build /out/minio /usr/local/bin/minio
USER minio
VOLUME /data
EXPOSE 9000
ENV MINIO_BROWSER=off MINIO_UPDATE=off
CMD ["minio", "server", "--address", ":9000", "/data"]
