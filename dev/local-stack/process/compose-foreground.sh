#!/bin/sh
# Runs services of a Compose project until SIGTERM, then stops them. `docker compose up` in the foreground is not enough:
# some versions of the docker client do not forward signals to the compose plugin.
#
# usage: compose-foreground.sh "<service>..." docker compose [option]...
services=$1
shift

stopping=
trap 'stopping=yes' TERM INT HUP

# shellcheck disable=SC2086 # names of services contain no blanks
"$@" up --detach $services || exit 1
while [ -z "$stopping" ]; do
  "$@" logs --follow --tail 100 &
  wait $!
  # The logs end when the containers or the engine stop. Docker restarts the containers; the loop follows their logs again.
  [ -n "$stopping" ] || sleep 1
done
exec "$@" stop --timeout 20
