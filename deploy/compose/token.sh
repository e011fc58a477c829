#!/usr/bin/env bash
# Prints a bearer token of this machine for 12 hours, and nothing else. Where no OpenID provider signs tokens, a key below secrets/ does; it is made once.
#   ./token.sh [CLIENT] [SCOPES]     ./token.sh --key   makes the key and what the services need of it
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
command -v openssl >/dev/null || { echo "token.sh: openssl was not found; install it." >&2; exit 1; }
key=secrets/token-key.pem

base64url() { base64 | tr -d '=\n' | tr '/+' '_-'; }
token() { # client, scopes, seconds
  local now head claims
  now=$(date +%s)
  head=$(printf '{"alg":"RS256","typ":"at+jwt"}' | base64url)
  claims=$(printf '{"iss":"ordersystem-local","aud":"ordersystem","sub":"%s","client_id":"%s","scope":"%s","iat":%d,"exp":%d}' "$1" "$1" "$2" "$now" $((now + $3)) | base64url)
  printf '%s.%s.%s\n' "$head" "$claims" "$(printf '%s.%s' "$head" "$claims" | openssl dgst -sha256 -sign "$key" -binary | base64url)"
}

if [ ! -e "$key" ]; then
  mkdir -p secrets
  chmod 700 secrets
  (umask 077 && openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$key" 2>/dev/null)
  modulus=$(printf '%b' "$(openssl rsa -in "$key" -noout -modulus | sed 's/^Modulus=//; s/../\\x&/g')" | base64url)
  rm -f secrets/Authentication__Jwks secrets/Audit__WorkerToken secrets/Payments__OrdersToken
  printf '{"keys":[{"kty":"RSA","use":"sig","alg":"RS256","n":"%s","e":"AQAB"}]}\n' "$modulus" >secrets/Authentication__Jwks
  chmod 444 secrets/Authentication__Jwks
fi
# What the services call each other with: each by itself, so that a later release adds its own to a folder that is there.
for service in order-api:orders.ops:Audit__WorkerToken payment-worker:orders.payment-methods:Payments__OrdersToken; do
  IFS=: read -r client scope file <<<"$service"
  [ -e "secrets/$file" ] || { token "$client" "$scope" $((3650 * 86400)) >"secrets/$file"; chmod 444 "secrets/$file"; }
done

[ "${1:-}" = --key ] || token "${1:-local}" "${2:-orders.read orders.write orders.ops}" $((12 * 3600))
