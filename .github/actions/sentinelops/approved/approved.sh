#!/usr/bin/env bash
# Finds the run that made the plan of the pull request that a commit came from.
# In: SENTINELOPS_WORKFLOW, GITHUB_REPOSITORY, GITHUB_SHA, GH_TOKEN. Out: `run-id` and `pull-request` in
# GITHUB_OUTPUT. Without exactly one such pull request, and without its plan, it fails.
set -euo pipefail

fail() {
  echo "::error title=sentinelops::$1"
  exit 21
}

way_on="start this workflow by hand: it makes a plan, and the rings' environments ask for its approval"
pulls=$(gh api "repos/$GITHUB_REPOSITORY/commits/$GITHUB_SHA/pulls" |
  jq -c --arg sha "$GITHUB_SHA" '[.[] | select(.merge_commit_sha == $sha) | {number, head: .head.sha}]')
[[ $(jq length <<< "$pulls") == 1 ]] ||
  fail "commit $GITHUB_SHA is not the merge of one pull request, so nobody has approved a plan of it; $way_on"
number=$(jq -r '.[0].number' <<< "$pulls")
head=$(jq -r '.[0].head' <<< "$pulls")

# A run of a fork's branch has no plan that anybody here has approved.
runs="repos/$GITHUB_REPOSITORY/actions/workflows/$SENTINELOPS_WORKFLOW/runs"
run=$(gh api "$runs?head_sha=$head&event=pull_request&status=success" |
  jq -r --arg repository "$GITHUB_REPOSITORY" \
    '[.workflow_runs[] | select(.head_repository.full_name == $repository)] | max_by(.run_number) | .id // empty')
[[ -n $run ]] || fail "pull request #$number has no finished plan of its last commit $head; $way_on"
{
  echo "run-id=$run"
  echo "pull-request=$number"
} >> "$GITHUB_OUTPUT"
