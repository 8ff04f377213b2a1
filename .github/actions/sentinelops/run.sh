#!/usr/bin/env bash
# Runs one command and hands on what it found. Nothing of the input is ever read as shell.
# In: SENTINELOPS_* as action.yml names them. Out: outputs in GITHUB_OUTPUT, reports in a folder, the
# markdown report in GITHUB_STEP_SUMMARY. Ends with the program's exit code unless it is accepted.
set -euo pipefail

fail() {
  echo "::error title=sentinelops::$1"
  exit 2
}

output() {
  echo "$1=$2" >> "$GITHUB_OUTPUT"
}

# What a variable lists, separated by spaces or lines, into the array `listed`.
list() {
  listed=()
  read -r -d '' -a listed <<< "$1" || true
}

class_of() {
  case "$1" in
    0) echo 'done' ;;
    2) echo usage ;;
    3) echo machine ;;
    10) echo invalid ;;
    20) echo pending ;;
    21) echo refused ;;
    30) echo failed ;;
    31) echo halted ;;
    40) echo denied ;;
    41) echo unknown ;;
    130) echo interrupted ;;
    *) echo bug ;;
  esac
}

program=$SENTINELOPS_PROGRAM
folder=${SENTINELOPS_OUTPUT:-sentinelops-report}
command=$SENTINELOPS_COMMAND
report="$folder/report.json"
mkdir -p "$folder"

# `--name=value` throughout: a value that begins with a dash is still a value.
selection=("--root=${SENTINELOPS_ROOT:-.}")
list "${SENTINELOPS_ENVIRONMENTS:-}"
for environment in ${listed[@]+"${listed[@]}"}; do selection+=("--environment=$environment"); done
if [[ ${#listed[@]} -eq 0 && $command != check && $command != test ]]; then selection+=(--all); fi
list "${SENTINELOPS_RINGS:-}"
for ring in ${listed[@]+"${listed[@]}"}; do selection+=("--ring=$ring"); done
if [[ -n ${SENTINELOPS_SHARD:-} ]]; then selection+=("--shard=$SENTINELOPS_SHARD"); fi
while IFS= read -r argument; do
  if [[ -n $argument ]]; then selection+=("$argument"); fi
done <<< "${SENTINELOPS_ARGUMENTS:-}"

arguments=("$command" "${selection[@]}")
case "$command" in
  check | test | drift) ;;
  matrix)
    if [[ -n ${SENTINELOPS_SHARDS:-} ]]; then arguments+=("--shards=$SENTINELOPS_SHARDS"); fi
    ;;
  plan)
    if [[ -n ${SENTINELOPS_PLAN:-} ]]; then arguments+=("--out=$SENTINELOPS_PLAN"); fi
    ;;
  apply)
    arguments+=(--yes)
    if [[ -n ${SENTINELOPS_DIGEST:-} ]]; then arguments+=("--digest=$SENTINELOPS_DIGEST"); fi
    if [[ -n ${SENTINELOPS_PLAN:-} ]]; then arguments+=(-- "$SENTINELOPS_PLAN"); fi
    ;;
  ended)
    # A pattern of files, and nothing else of it is read by the shell. Shards that left no report are missed
    # by the program itself.
    shopt -s nullglob
    IFS= read -r pattern <<< "${SENTINELOPS_REPORTS:-}"
    splits=$IFS
    IFS=''
    # shellcheck disable=SC2206 # the pattern is to be expanded; with an empty IFS it is not split
    files=($pattern)
    IFS=$splits
    shopt -u nullglob
    [[ ${#files[@]} -gt 0 ]] || fail "no job of the ring left a report: what it did is not known"
    list "${SENTINELOPS_RINGS:-}"
    arguments=(report merge --next-ring)
    for ring in ${listed[@]+"${listed[@]}"}; do arguments+=("--ring=$ring"); done
    arguments+=(-- "${files[@]}")
    ;;
  *) fail "\`command\` is check, test, plan, apply, drift, matrix or ended" ;;
esac

code=0
case "$command" in
  matrix)
    jobs=$("$program" "${arguments[@]}") || code=$?
    output matrix "${jobs:-}"
    ;;
  *)
    words=1
    if [[ $command == ended ]]; then words=2; fi
    # Before `--`, behind which there are only files.
    "$program" "${arguments[@]:0:words}" --format=json "--output=$report" "${arguments[@]:words}" || code=$?
    ;;
esac
output exit-code "$code"
output exit-class "$(class_of "$code")"
output reports "$folder"
if [[ -s $report ]]; then output counts "$(jq -c '.summary // {}' "$report")"; fi
digest=
if [[ $command == plan && -n ${SENTINELOPS_PLAN:-} && -s ${SENTINELOPS_PLAN:-} ]]; then
  digest=$(jq -r .digest "$SENTINELOPS_PLAN")
  output plan "$SENTINELOPS_PLAN"
  output digest "$digest"
fi

# One report in another format. It ends with the exit code of what it tells of, so that what counts is
# whether there is a report.
render() {
  local file=$1
  shift
  rm -f "$file"
  "$program" "$@" "--output=$file" > /dev/null || true
  [[ -s $file ]] || fail "\`$file\` could not be written"
}

annotate() {
  "$program" check "${selection[@]}" --format=github || true
}

list "${SENTINELOPS_FORMATS:-}"
for format in ${listed[@]+"${listed[@]}"}; do
  case "$command-$format" in
    check-sarif) render "$folder/report.sarif" check "${selection[@]}" --format=sarif ;;
    plan-markdown | apply-markdown | drift-markdown | ended-markdown | plan-html | drift-html)
      # Without a report there was nothing to read, and the exit code says why.
      [[ -s $report ]] || continue
      suffix=${format/markdown/md}
      render "$folder/report.$suffix" report merge "$report" "--format=$format"
      ;;
    *) fail "\`$command\` has no format \`$format\` here" ;;
  esac
done
if [[ $command == check ]]; then annotate; fi
if [[ -n $digest && -s $folder/report.md ]]; then
  # A report leaves 500 characters of a comment free.
  printf '\nSaved with digest `%s`: that change set is what an approval is about.\n' "$digest" >> "$folder/report.md"
fi
if [[ ${SENTINELOPS_SUMMARY:-true} == true && -s $folder/report.md ]]; then
  cat "$folder/report.md" >> "$GITHUB_STEP_SUMMARY"
fi

list "${SENTINELOPS_ACCEPT:-}"
for accepted in ${listed[@]+"${listed[@]}"}; do
  if [[ $accepted == "$code" ]]; then exit 0; fi
done
exit "$code"
