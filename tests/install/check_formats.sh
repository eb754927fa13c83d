#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Checks that docs/formats.md says what the field tables say: check_formats.sh PROGRAM SOURCE_FOLDER
set -eu
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
"$2/docs/formats.sh" "$1" "$scratch/formats.md"
diff -u "$2/docs/formats.md" "$scratch/formats.md" || {
    echo "docs/formats.md is stale: run 'ninja -C build docs'"
    exit 1
}
