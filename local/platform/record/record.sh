#!/usr/bin/env bash
# Writes ../artifacts: runs the sample platform's own tools on every variant and keeps what they wrote. ../SOURCES.md says what each file is.
# Needs node >= 20.19 with npm 11, JMeter 2.13 (Debian: jmeter jmeter-http), Java 17, python3, xmllint; about two minutes. Changes nothing else here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
platform=$(dirname "$here")
work=/tmp/platform   # a neutral place: report paths are made relative to it below
repository=000000000000.dkr.ecr.us-east-1.amazonaws.com/b2b
export npm_config_update_notifier=false npm_config_fund=false NO_COLOR=1
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$work"' EXIT

# compose VARIANT: the tree of a push of this variant on top of the whole history, with its tools installed
compose() {
  rm -rf "$work/tree" && mkdir -p "$work/tree"
  local overlay
  for overlay in "$platform"/history/*/tree "$platform/changes/$1/tree"; do cp -R "$overlay/." "$work/tree/"; done
  cp "$here/package-lock.json" "$work/tree/"
  npm ci --prefix "$work/tree" --no-audit --loglevel=error
}

# start OUT COMMAND...: a process that prints its port; the port is left in $port
start() {
  rm -f "$1"; "${@:2}" > "$1" & pids+=($!)
  local tries
  for tries in $(seq 100); do port=$(grep -oE '[0-9]+$' "$1" 2>/dev/null || true); [ -n "$port" ] && return; sleep 0.1; done
  echo "$* did not start" >&2; exit 1
}

phases() { # phases BUILD_SECONDS > build.json: the phases of a CodeBuild build, seconds as such builds take them (by hand)
  python3 - "$1" <<'PY'
import json, sys
names = {"SUBMITTED": 1, "QUEUED": 1, "PROVISIONING": 8, "DOWNLOAD_SOURCE": 2, "INSTALL": 14, "PRE_BUILD": 9, "BUILD": int(sys.argv[1]),
         "POST_BUILD": 4, "UPLOAD_ARTIFACTS": 1, "FINALIZING": 2}
rows = ",\n".join(f'    {{ "name": "{name}", "seconds": {seconds} }}' for name, seconds in names.items())
print(f'{{\n  "status": "SUCCEEDED",\n  "phases": [\n{rows}\n  ]\n}}')
PY
}

service() { # service NAME VARIANT BUILD_SECONDS: what buildspecs/NAME.yml does, without the image
  local name=$1 source=$work/tree/services/$1 to=$platform/artifacts/b2b-$1-build/$2
  rm -rf "$to" && mkdir -p "$to/output/reports" "$to/output/coverage"
  (
    cd "$source"
    npm ci --no-audit --loglevel=error
    npm test --silent
    npx eslint -f @microsoft/eslint-formatter-sarif -o reports/eslint.sarif src
    npm audit --json --registry "http://127.0.0.1:$audit_port" > reports/npm-audit.json || true # ends with 1 when something is found
  )
  sed -e "s|file://$source/||g" "$source/reports/eslint.sarif" > "$to/output/reports/eslint.sarif"
  sed -e "s|$source/||g" "$source/coverage/coverage-summary.json" > "$to/output/coverage/coverage-summary.json"
  cp "$source/reports/junit.xml" "$source/reports/npm-audit.json" "$to/output/reports/"
  cp "$source/coverage/lcov.info" "$to/output/coverage/"
  printf '[{"name":"%s","imageUri":"%s"}]\n' "$name" "$repository/$name@@DIGEST@" > "$to/output/imagedefinitions.json"
  printf '{"ImageURI":"%s"}\n' "$repository/$name@@DIGEST@" > "$to/output/imageDetail.json"
  [ ! -d "$source/deploy" ] || cp "$source"/deploy/{taskdef.json,appspec.yaml} "$to/output/"
  echo "output/reports/npm-audit.json: written by npm, but the advisories it was answered with are hand-made (record/advisories.json)." \
    > "$to/HAND-MADE.md"
  phases "$3" > "$to/build.json"
}

checks() { # checks VARIANT: a pull request's build runs the tests of api-gateway and builds no image, so its reports are the same files
  local from=$platform/artifacts/b2b-api-gateway-build/$1 to=$platform/artifacts/b2b-pull-request-checks/$1
  rm -rf "$to" && mkdir -p "$to/output"
  cp -R "$from/output/reports" "$from/output/coverage" "$to/output/"
  cp "$from/HAND-MADE.md" "$from/build.json" "$to/"
}

integration() {
  local to=$platform/artifacts/b2b-integration-tests/good
  rm -rf "$to" && mkdir -p "$to/output/reports"
  npm test --silent --prefix "$work/tree/tests/integration"
  cp "$work/tree/tests/integration/reports/junit-integration.xml" "$to/output/reports/"
  phases 31 > "$to/build.json"
}

performance() {
  local to=$platform/artifacts/b2b-performance-tests/good
  rm -rf "$to" && mkdir -p "$to/output/reports"
  local loopback=(env HOST=127.0.0.1 PORT=0 TOKEN_SECRET=load)
  start "$work/users.out" "${loopback[@]}" node "$work/tree/services/user-service/src/server.js"
  start "$work/gateway.out" "${loopback[@]}" USER_SERVICE_URL="http://127.0.0.1:$port" RATE_PER_SECOND=1000 \
    node "$work/tree/services/api-gateway/src/server.js"
  local lib=/usr/share/jmeter
  java -cp "$lib/bin/ApacheJMeter.jar:$lib/lib/*:$lib/lib/ext/*" "$here/Jmeter.java" \
    -n -t "$work/tree/tests/performance/plan.jmx" -l "$work/load.jtl" -j "$work/jmeter.log" -Jport="$port" \
    -Jjmeter.save.saveservice.output_format=csv -Jjmeter.save.saveservice.print_field_names=true
  cp "$work/load.jtl" "$to/output/reports/"
  phases 28 > "$to/build.json"
}

hang_up() { # hang_up EXPECTED: the status that a client gets from the composed gateway after 80 others hung up
  start "$work/slow.out" node "$here/slow-service.js"
  start "$work/gateway.out" env HOST=127.0.0.1 PORT=0 TOKEN_SECRET=x USER_SERVICE_URL="http://127.0.0.1:$port" RATE_PER_SECOND=1000 \
    node "$work/tree/services/api-gateway/src/server.js"
  local status; status=$(node "$here/hang-up.js" "http://127.0.0.1:$port")
  [ "$status" = "$1" ] || { echo "after 80 clients hung up the gateway answers $status, not $1" >&2; exit 1; }
}

mkdir -p "$work"
start "$work/audit.out" node "$here/audit-registry.js"; audit_port=$port
compose good
service api-gateway good 22
service user-service good 19
service admin-dashboard good 17
service customer-portal good 18
checks good
integration
performance
hang_up 200
compose low-coverage
service api-gateway low-coverage 23
checks low-coverage
compose broken-api
service api-gateway broken-api 22
hang_up 503
python3 "$here/check.py" "$platform/artifacts"
