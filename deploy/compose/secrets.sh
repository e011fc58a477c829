#!/usr/bin/env bash
# Makes the passwords of one machine and the settings that contain them, below secrets/. What is there already stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p secrets
# The folder keeps others out; the files can be read by whatever account a container runs as.
chmod 700 secrets
if [ -e secrets/nats-passwords.conf ]; then
  ./token.sh --key
  echo "secrets: are there"
  exit
fi

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { printf '%s\n' "$2" >"secrets/$1"; chmod 444 "secrets/$1"; }

rm -f secrets/*
passwords=
for user in order-api payment-worker provisioning ops; do
  secret=$(password)
  write "nats-$user" "nats://$user:$secret@nats:4222"
  variable=${user//-/_}
  passwords+="${variable^^}_PASSWORD: \"$secret\""$'\n'
done
write postgres-password "$(password)"
# Each database: its owner, who migrates, and the role of its service, which has rights on rows alone.
for names in orders:order_api payments:payment_worker; do
  database=${names%:*} service=${names#*:} owner=$(password) runtime=$(password)
  write "$database-password" "$owner"
  write "$service-password" "$runtime"
  write "$database-owner" "Host=postgres;Database=$database;Username=$database;Password=$owner"
  write "$database-service" "Host=postgres;Database=$database;Username=$service;Password=$runtime"
done
write Dashboard__Frontend__BrowserToken "$(password)"
write nats-passwords.conf "$passwords"
./token.sh --key
echo "secrets: made in deploy/compose/secrets"
