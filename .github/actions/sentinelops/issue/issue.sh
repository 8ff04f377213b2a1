#!/usr/bin/env bash
# Opens one issue while there is drift, keeps it up to date, and closes it when there is none.
# In: SENTINELOPS_FILE, SENTINELOPS_EXIT_CODE, SENTINELOPS_TITLE, SENTINELOPS_LABEL, GITHUB_REPOSITORY,
# GITHUB_SERVER_URL, GITHUB_RUN_ID, GH_TOKEN.
set -euo pipefail

fail() {
  echo "::error title=sentinelops::$1"
  exit 2
}

code=$SENTINELOPS_EXIT_CODE
[[ $code =~ ^[0-9]+$ ]] || fail "\`exit-code\` is a number"
[[ $SENTINELOPS_LABEL =~ ^[A-Za-z0-9._-]+$ ]] || fail "\`label\` has letters, digits, dots and dashes"
marker="<!-- sentinelops:drift -->"
run="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
issues="repos/$GITHUB_REPOSITORY/issues"

known=$(gh api --paginate "$issues?state=open&labels=$SENTINELOPS_LABEL" |
  jq -r --arg marker "$marker" \
    '.[] | select(.user.type == "Bot" and ((.body // "") | startswith($marker))) | .number' | head -n 1)

# Only certainty closes it. A run that could not read everything is no news of the rest.
if [[ $code == 0 ]]; then
  if [[ -n $known ]]; then
    gh api --method POST "$issues/$known/comments" -f "body=In sync again: $run" > /dev/null
    gh api --method PATCH "$issues/$known" -f state=closed -f state_reason=completed > /dev/null
  fi
  exit 0
fi

body=$(mktemp)
trap 'rm -f "$body"' EXIT
{
  echo "$marker"
  echo "Last run: $run (exit code $code)"
  echo
  if [[ -s $SENTINELOPS_FILE ]]; then
    cat "$SENTINELOPS_FILE"
  else
    echo "There is no report: the run ended before anything could be read. **Nothing is known.**"
  fi
} > "$body"

if [[ -n $known ]]; then
  gh api --method PATCH "$issues/$known" -F "body=@$body" > /dev/null
else
  gh label create "$SENTINELOPS_LABEL" --repo "$GITHUB_REPOSITORY" --force \
    --description "Kept by sentinelops" > /dev/null
  gh api --method POST "$issues" -f "title=$SENTINELOPS_TITLE" -F "body=@$body" \
    -f "labels[]=$SENTINELOPS_LABEL" > /dev/null
fi
