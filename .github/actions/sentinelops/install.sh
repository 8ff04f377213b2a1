#!/usr/bin/env bash
# Finds the program: a release of the action's own version, a build of its source, or a path.
# In: SENTINELOPS_INSTALL, SENTINELOPS_REPOSITORY (the action's; empty in a checkout), GITHUB_ACTION_PATH, RUNNER_OS,
# RUNNER_ARCH, RUNNER_TEMP, GH_TOKEN. Out: `program` in GITHUB_OUTPUT.
set -euo pipefail

fail() {
  echo "::error title=sentinelops::$1"
  exit 2
}

source_root=$(cd "$GITHUB_ACTION_PATH/../../.." && pwd)
install=${SENTINELOPS_INSTALL:-release}

target() {
  case "$RUNNER_OS-$RUNNER_ARCH" in
    Linux-X64) echo x86_64-unknown-linux-musl ;;
    Linux-ARM64) echo aarch64-unknown-linux-musl ;;
    macOS-X64) echo x86_64-apple-darwin ;;
    macOS-ARM64) echo aarch64-apple-darwin ;;
    Windows-X64) echo x86_64-pc-windows-msvc ;;
    *) fail "there is no release for $RUNNER_OS on $RUNNER_ARCH; use \`install: source\`" ;;
  esac
}

release() {
  [[ -n ${SENTINELOPS_REPOSITORY:-} ]] || fail "a checkout has no releases; use \`install: source\`"
  local version archive folder
  version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$source_root/Cargo.toml" | head -n 1)
  archive="sentinelops-$(target).tar.gz"
  folder="$RUNNER_TEMP/sentinelops-$version"
  mkdir -p "$folder"
  gh release download "v$version" --repo "$SENTINELOPS_REPOSITORY" --dir "$folder" --clobber \
    --pattern "$archive" --pattern SHA256SUMS
  (cd "$folder" && grep -F "  $archive" SHA256SUMS > "$archive.sha256" && sha256sum --check "$archive.sha256")
  # Who built it, and from what: a checksum beside an archive only proves that both were copied.
  gh attestation verify "$folder/$archive" --repo "$SENTINELOPS_REPOSITORY"
  tar -xzf "$folder/$archive" -C "$folder"
  program="$folder/sentinelops"
  [[ $RUNNER_OS != Windows ]] || program+=.exe
}

case "$install" in
  release) release ;;
  source)
    cargo build --release --locked --manifest-path "$source_root/Cargo.toml"
    program="$source_root/target/release/sentinelops"
    [[ ${RUNNER_OS:-} != Windows ]] || program+=.exe
    ;;
  *) program=$install ;;
esac
[[ -x $program ]] || fail "\`$program\` is not a program"
"$program" --version
echo "program=$program" >> "$GITHUB_OUTPUT"
