#!/bin/sh
# The part of the official image's entrypoint that docker-compose.yaml relies on.
set -eu
data=/var/lib/postgresql/data/pgdata
: "${POSTGRES_PASSWORD:?POSTGRES_PASSWORD is not set}"
if [ ! -s "$data/PG_VERSION" ]; then
  password=$(mktemp)
  printf '%s' "$POSTGRES_PASSWORD" > "$password"
  initdb --pgdata="$data" --username="$POSTGRES_USER" --pwfile="$password" --auth=scram-sha-256 \
    --auth-local=trust --encoding=UTF8
  rm "$password"
  echo "host all all all scram-sha-256" >> "$data/pg_hba.conf"
  postgres --single -D "$data" postgres <<EOF
CREATE DATABASE "$POSTGRES_DB"
EOF
fi
exec postgres -D "$data" -c 'listen_addresses=*'
