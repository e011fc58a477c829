#!/usr/bin/env bash
# Publishes the services twice, as their images have them, in two folders, and compares what came out byte by byte.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

copies=(first second/deeper)
for copy in "${copies[@]}"; do
  mkdir -p "$work/$copy"
  git -C "$root" ls-files -z --cached --others --exclude-standard | (cd "$root" && xargs -0 cp --parents -t "$work/$copy")
  [ ! -e "$root/.use-standins" ] || : >"$work/$copy/.use-standins"
done

for copy in "${copies[@]}"; do
  for service in OrderApi PaymentWorker PaymentGateway; do
    CI=true dotnet publish "$work/$copy/OrderSystem.$service" -c Release -o "$work/$copy/published/$service" --use-current-runtime --self-contained false \
      -p:PublishReadyToRun=true -p:RestoreLockedMode=false -p:UseAppHost=false -p:RunAnalyzers=false -nodeReuse:false -v:q -clp:NoSummary
  done
  (cd "$work/$copy/published" && find . -type f -print0 | sort -z | xargs -0 sha256sum) >"$work/$(basename "$copy").txt"
done

diff "$work/first.txt" "$work/deeper.txt" || { echo "reproducible: these files differ" >&2; exit 1; }
echo "reproducible: $(wc -l <"$work/first.txt") files of three services are the same, byte by byte"
