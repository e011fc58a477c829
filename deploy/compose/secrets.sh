#!/usr/bin/env bash
# Makes the passwords of one machine and the settings that contain them, below secrets/. What is there already stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
mkdir -p secrets
# The folder keeps others out; the files can be read by whatever account a container runs as.
chmod 700 secrets
if [ -e secrets/Dashboard__Frontend__BrowserToken ]; then
  ./token.sh --key
  echo "secrets: are there"
  exit
fi

password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }
write() { printf '%s\n' "$2" >"secrets/$1"; chmod 444 "secrets/$1"; }

rm -f secrets/*
nats=$(password) orders=$(password) payments=$(password)
write nats-users.conf "users = [{ user: ordersystem, password: \"$nats\" }]"
write postgres-password "$(password)"
write orders-password "$orders"
write payments-password "$payments"
write ConnectionStrings__nats "nats://ordersystem:$nats@nats:4222"
write ConnectionStrings__orders "Host=postgres;Database=orders;Username=orders;Password=$orders"
write ConnectionStrings__payments "Host=postgres;Database=payments;Username=payments;Password=$payments"
write Dashboard__Frontend__BrowserToken "$(password)"
./token.sh --key
echo "secrets: made in deploy/compose/secrets"
