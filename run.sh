#!/usr/bin/env bash
# Brings the whole system up in the foreground; Ctrl-C stops all of it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/eng/prepare.sh"
report() { :; } # the AppHost says it, however it is started

# Nothing but the answer on standard output, so that it can stand in another command.
print() { # what the AppHost is asked for
  local assembly="$root/OrderSystem.AppHost/bin/Debug/net10.0/OrderSystem.AppHost.dll"
  [ -e "$assembly" ] || { prepare_sdk && prepare_packages && dotnet build "$root/OrderSystem.AppHost" -nodeReuse:false -v:q -clp:NoSummary; } >&2
  exec dotnet "$assembly" "$1"
}

dashboard=true
fresh=false
for argument in "$@"; do
  case "$argument" in
    --no-dashboard) dashboard=false ;;
    --fresh) fresh=true ;;
    --token) print token ;;
    --token-keys) print token-keys ;;
    *) fail "usage: ./run.sh [--no-dashboard] [--fresh] | --token | --token-keys
  --no-dashboard  without the Aspire dashboard
  --fresh         with new data: what earlier runs stored is deleted
  --token         prints a bearer token for 12 hours, and nothing else
  --token-keys    prints the public keys that such tokens are checked with" ;;
  esac
done

prepare_sdk
prepare_packages
prepare_servers
if $fresh; then
  # The lock of an AppHost that runs; see DataFolderLock.cs.
  if [ -e "$root/.data/apphost.lock" ] && command -v flock >/dev/null && ! flock --nonblock "$root/.data/apphost.lock" true; then
    fail "data: another AppHost uses $root/.data. Stop it first."
  fi
  rm -rf "$root/.data"
  say "data: new"
fi

log=$(mktemp)
[ -e "$root/OrderSystem.AppHost/bin/Debug/net10.0/OrderSystem.AppHost.dll" ] || say "build: the first one takes a minute"
if ! dotnet build "$root/OrderSystem.AppHost" -nodeReuse:false >"$log" 2>&1; then
  grep -E 'error|warning' "$log" | sort -u | head -n 20 >&2
  rm -f "$log"
  fail "build: failed; see above."
fi
rm -f "$log"

arguments=()
$dashboard || arguments=(--no-dashboard)
exec dotnet run --no-build --project "$root/OrderSystem.AppHost" -- "${arguments[@]}"
