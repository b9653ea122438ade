#!/bin/sh
# Runs services of a compose project until SIGTERM, then stops them. `docker compose up` in the foreground is not enough:
# whether the docker client passes a signal on to its compose plugin depends on its version.
#
# usage: compose-foreground.sh "<service>..." docker compose [option]...
services=$1
shift

stopping=
trap 'stopping=yes' TERM INT HUP

# shellcheck disable=SC2086 # the names of services hold no blanks
"$@" up --detach $services || exit 1
while [ -z "$stopping" ]; do
  "$@" logs --follow --tail 100 &
  wait $!
  # The logs end when the containers do, or the engine. Docker starts them again; so do we with their logs.
  [ -n "$stopping" ] || sleep 1
done
exec "$@" stop --timeout 20
