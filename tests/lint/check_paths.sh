#!/usr/bin/env bash
# Fails when a file names a path of somebody's machine. usage: check_paths.sh PROJECT
set -euo pipefail
cd "$1"
! grep -rnIE --exclude-dir=.git --exclude=.git --exclude-dir='build*' --exclude='*.json' \
  '(^|[^[:alnum:]_.])/(work|root|home/[a-z]+)/' .
