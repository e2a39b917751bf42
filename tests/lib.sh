# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# lib.sh - what the shell tests share: one function is one test, one line says how it went.
#
#	. "$(dirname "$0")/../lib.sh"
#	test_drawing_fits()
#	{
#		run "$SCHEDVIZ" show "$TEST_TMP/a.svz"
#		expect_status 0
#		expect_out 'worker0'
#	}
#	run_tests "$@"
#
# Prints "PASS name", "FAIL name: why" or "SKIP name: why", for every function test_*, in the order of the file; an
# argument runs only the tests whose name contains it. A test runs in a subshell: the first fail or skip ends it.
# Given by tests/run.sh, or made up here for a test run by hand: SCHEDVIZ, the program; BUILD, where it was built;
# TEST_TMP, an empty directory that will be removed.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
SCHEDVIZ=${SCHEDVIZ:-$ROOT/schedviz}
BUILD=${BUILD:-$ROOT/build}
export ROOT SCHEDVIZ BUILD

fail() { echo "FAIL $test_name: $*"; exit 1; }
skip() { echo "SKIP $test_name: $*"; exit 0; }

# run COMMAND...: keep its exit status in $status, its output in $out, its standard error in $err
run()
{
	status=0
	"$@" >"$TEST_TMP/.out" 2>"$TEST_TMP/.err" </dev/null || status=$?
	out=$(tr -d '\0' <"$TEST_TMP/.out") err=$(tr -d '\0' <"$TEST_TMP/.err")
	ran=$*
}

expect_status() { [ "$status" -eq "$1" ] || fail "'$ran' exits $status, not $1: ${err:0:300}"; }
expect_out() { grep -qE -- "$1" <<<"$out" || fail "'$ran' does not print '$1' but: ${out:0:300}"; }
expect_err() { grep -qE -- "$1" <<<"$err" || fail "'$ran' does not say '$1' but: ${err:0:300}"; }

# One sentence on standard error, whatever it says.
expect_one_line()
{
	[ "$(wc -l <<<"$err")" -eq 1 ] && [ -n "$err" ] || fail "'$ran' says not one line but: ${err:0:300}"
}

test_functions() { awk -F'[ (]' '/^test_[a-z0-9_]+ *\(\)/ { print $1 }' "$1"; }

run_tests()
{
	local only=${1:-} script=$0 made=''

	if [ -z "${TEST_TMP:-}" ]; then
		TEST_TMP=$(mktemp -d) made=1
		export TEST_TMP
	fi
	failures=0
	for test_name in $(test_functions "$script"); do
		[ -z "$only" ] || [[ $test_name == *$only* ]] || continue
		(
			"$test_name"
			echo "PASS ${test_name#test_}"
		) >"$TEST_TMP/.line" 2>&1 || failures=$((failures + 1))
		sed "s/^\(FAIL\|SKIP\) test_/\1 /" "$TEST_TMP/.line"
	done
	[ -z "$made" ] || rm -rf "$TEST_TMP"
	[ "$failures" -eq 0 ]
}
