#!/usr/bin/env bash
# Keeps one comment on a pull request.
# In: SENTINELOPS_FILE, SENTINELOPS_PULL_REQUEST, SENTINELOPS_KEY, GITHUB_REPOSITORY, GH_TOKEN.
set -euo pipefail

fail() {
  echo "::error title=sentinelops::$1"
  exit 2
}

# GitHub's limit for the body of a comment, in characters.
most=65536
number=$SENTINELOPS_PULL_REQUEST
key=${SENTINELOPS_KEY:-plan}
[[ $number =~ ^[0-9]+$ ]] || fail "\`pull-request\` is a number"
[[ $key =~ ^[a-z0-9-]+$ ]] || fail "\`key\` has small letters, digits and dashes"
[[ -s $SENTINELOPS_FILE ]] || fail "\`$SENTINELOPS_FILE\` is not there: there is nothing to say"

marker="<!-- sentinelops:$key -->"
body=$(mktemp)
trap 'rm -f "$body"' EXIT
{
  echo "$marker"
  cat "$SENTINELOPS_FILE"
} > "$body"
[[ $(wc -m < "$body") -le $most ]] || fail "the report has more than $most characters, too many for a comment"

# Only a comment that a bot wrote: anybody can write the marker.
comments="repos/$GITHUB_REPOSITORY/issues/$number/comments"
known=$(gh api --paginate "$comments" |
  jq -r --arg marker "$marker" \
    '.[] | select(.user.type == "Bot" and (.body | startswith($marker))) | .id' | head -n 1)
if [[ -n $known ]]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$known" -F "body=@$body" > /dev/null
else
  gh api --method POST "$comments" -F "body=@$body" > /dev/null
fi
