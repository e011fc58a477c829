#!/bin/sh
# Runs once, on an empty volume. A database for each service, which its owner migrates, and a role for the service, which the migration gives its rights.
set -eu
make() {
  export owner="$1" service="$2"
  psql --quiet --set=ON_ERROR_STOP=1 --username=postgres --set=owner="$owner" --set=service="$service" <<'SQL'
\set owner_password `cat "/run/secrets/$owner-password"`
\set service_password `cat "/run/secrets/$service-password"`
CREATE ROLE :"owner" LOGIN PASSWORD :'owner_password';
CREATE ROLE :"service" LOGIN PASSWORD :'service_password';
CREATE DATABASE :"owner" OWNER :"owner";
REVOKE ALL ON DATABASE :"owner" FROM PUBLIC;
SQL
}
make orders order_api
make payments payment_worker
