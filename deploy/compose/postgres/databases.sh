#!/bin/sh
# Runs once, on an empty volume: a database for each service, which is its owner's alone.
set -eu
for service in orders payments; do
  psql --quiet --set=ON_ERROR_STOP=1 --username=postgres --set=name="$service" --set=password="$(cat "/run/secrets/$service-password")" <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
