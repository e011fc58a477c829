#!/usr/bin/env bash
# Publishes the services into a folder, as their images have them: with ReadyToRun code, which a plain build compiles after the start.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for project in OrderSystem.PaymentGateway OrderSystem.PaymentWorker OrderSystem.OrderApi; do
  dotnet publish "$root/$project" -c Release --use-current-runtime --self-contained false \
    --artifacts-path "$root/artifacts/services" -o "$root/artifacts/services/publish/$project" \
    -p:PublishReadyToRun=true -p:RestoreLockedMode=false -p:RunAnalyzers=false -nodeReuse:false -v:quiet -clp:NoSummary
done
