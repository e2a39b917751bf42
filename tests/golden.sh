#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# golden.sh - compares what is printed about hand-drawn traces with what was reviewed and kept.
#
#   tests/golden.sh [--update] [WORD...]    those whose KIND/NAME contains a WORD, by default all
#
# A directory tests/golden/KIND/NAME is a test: `trace.txt`, `expected` (standard output) and, except for KIND model,
# `cmd`: the arguments of ./schedviz, one line read by the shell inside that directory ("show --ascii trace.txt"). A
# file `status` has the exit status if it is not to be 0.
# KIND model prints what the model makes of trace.txt (tests/unit/model_print.c). --update rewrites `expected`: review
# the difference like code. From the environment: SCHEDVIZ, BUILD and MODEL_PRINT, the programs and where they are.
set -u
cd "$(dirname "$0")/.." || exit 1

root=$PWD
schedviz=$(realpath -m "${SCHEDVIZ:-schedviz}")
model_print=$(realpath -m "${MODEL_PRINT:-${BUILD:-build}/tests/unit/model_print}")
update=no failed=0
export LC_ALL=C.UTF-8 TZ=UTC COLUMNS=80 TERM=xterm-256color
unset NO_COLOR PAGER

if [ "${1:-}" = --update ]; then
	update=yes
	shift
fi

wanted()
{
	local word name=$1

	shift
	[ $# -eq 0 ] && return 0
	for word; do
		[[ $name == *$word* ]] && return 0
	done
	return 1
}

# show KIND: what the test in the current directory prints
show()
{
	if [ "$1" = model ]; then
		"$model_print" trace.txt
	else
		eval "'$schedviz' $(cat cmd)"
	fi
}

# compare NAME FILE: with `expected` of the current directory
compare()
{
	local why

	if [ "$update" = yes ]; then
		cmp -s "$2" expected || cp "$2" expected
	fi
	if why=$(diff -u expected "$2" 2>&1); then
		echo "PASS golden $1"
		return
	fi
	failed=1
	echo "FAIL golden $1: differs from tests/golden/$1/expected"
	tail -n +3 <<<"$why" | sed 's/^/    /'
}

one()
{
	local kind=${1%%/*} status=0 wanted_status=0

	cd "$root/tests/golden/$1" || return
	[ ! -f status ] || wanted_status=$(<status)
	show "$kind" >"$tmp/out" 2>"$tmp/err" </dev/null || status=$?
	if [ "$status" -ne "$wanted_status" ]; then
		failed=1
		echo "FAIL golden $1: exit status $status, not $wanted_status: $(head -n 1 "$tmp/err")"
	else
		compare "$1" "$tmp/out"
	fi
	cd "$root" || exit 1
}

tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

for dir in tests/golden/*/*/; do
	name=${dir#tests/golden/} name=${name%/}
	if [ -f "$dir/trace.txt" ] && wanted "$name" "$@"; then
		one "$name"
	fi
done
exit "$failed"
