#!/usr/bin/env bash
# The section of CHANGELOG.md about one version; fails where there is none.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
version=$1
notes=$(awk -v version="$version" '
  index($0, "## ") == 1 { inside = ($2 == version || $2 == "[" version "]") ; next }
  inside { print }
' CHANGELOG.md)
[[ -n ${notes//[[:space:]]/} ]] || { echo "CHANGELOG.md says nothing about $version" >&2; exit 1; }
echo "$notes"
