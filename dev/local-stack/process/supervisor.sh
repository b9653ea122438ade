#!/bin/sh
# Runs one command and ends it when the launcher ends, however that happens: fd 3 is a pipe that only the launcher holds
# open, so end-of-file on it means "stop". The command gets SIGTERM, then SIGKILL after the grace time.
#
# usage: supervisor.sh <grace in tenths of a second> <command> [argument]...      (fd 3: pipe to the launcher)
# The launcher reads the command's process id from fd 3. The exit code is that of the command.
grace=$1
shift

"$@" 3<&- &
pid=$!
echo "$pid" >&3

(
  while read -r _; do :; done
  kill -TERM "$pid" 2>/dev/null
  while [ "$grace" -gt 0 ] && kill -0 "$pid" 2>/dev/null; do
    sleep 0.1
    grace=$((grace - 1))
  done
  # The whole process group, including this script: nothing may outlive the grace time.
  kill -0 "$pid" 2>/dev/null && kill -KILL 0
) <&3 &
watcher=$!

# Forwards a signal that everyone receives, as at a shutdown of the machine. `wait` then returns early, hence the loop.
trap 'kill -TERM "$pid" 2>/dev/null' TERM INT HUP
while :; do
  wait "$pid"
  code=$?
  kill -0 "$pid" 2>/dev/null || break
done
kill -KILL "$watcher" 2>/dev/null
exit "$code"
