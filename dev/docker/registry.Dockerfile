# Apicurio Registry from Maven Central: the release that `npm run stack` runs without Docker.
FROM maven:3.9-eclipse-temurin-17 AS fetch
ARG APICURIO_VERSION=2.6.13.Final
RUN mvn -B -q org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
      -Dartifact=io.apicurio:apicurio-registry-app:${APICURIO_VERSION}:tar.gz:all -DoutputDirectory=/registry \
 && mv /registry/apicurio-registry-app-*-runner.jar /registry/registry.jar

FROM eclipse-temurin:17-jre
RUN apt-get update \
 && apt-get install -y --no-install-recommends curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 registry \
 && install -d -o registry /data
COPY --from=fetch /registry /opt/registry
USER registry
WORKDIR /data
VOLUME /data
EXPOSE 8080
# Without the canonical hash, a schema that differs in white space only counts as another schema.
CMD ["java", "-Xmx256m", "-XX:+UseSerialGC", \
     "-Dquarkus.http.host=0.0.0.0", \
     "-Dquarkus.http.port=8080", \
     "-Dquarkus.datasource.jdbc.url=jdbc:h2:file:/data/schemas", \
     "-Dquarkus.datasource.jdbc.min-size=1", \
     "-Dquarkus.datasource.jdbc.initial-size=1", \
     "-Dregistry.ccompat.use-canonical-hash=true", \
     "-jar", "/opt/registry/registry.jar"]
