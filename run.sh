#!/usr/bin/env bash
# Brings the whole system up in the foreground; Ctrl-C stops all of it.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$root/eng/prepare.sh"

dashboard=true
fresh=false
for argument in "$@"; do
  case "$argument" in
    --no-dashboard) dashboard=false ;;
    --fresh) fresh=true ;;
    *) fail "usage: ./run.sh [--no-dashboard] [--fresh]
  --no-dashboard  without the Aspire dashboard
  --fresh         with new data: what earlier runs stored is deleted" ;;
  esac
done

prepare_sdk
prepare_packages
prepare_servers
if $dashboard; then prepare_dashboard; fi
if $fresh; then
  rm -rf "$root/.data"
  say "data: new"
fi

log=$(mktemp)
if ! dotnet build "$root/OrderSystem.AppHost" -nodeReuse:false >"$log" 2>&1; then
  grep -E 'error|warning' "$log" | sort -u | head -n 20 >&2
  rm -f "$log"
  fail "build: failed; see above."
fi
rm -f "$log"
say "build: done"

arguments=()
$dashboard || arguments=(--no-dashboard)
exec dotnet run --no-build --project "$root/OrderSystem.AppHost" -- "${arguments[@]}"
