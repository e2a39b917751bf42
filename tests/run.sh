#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh - run the tests that were built and count what they say.
#
#   tests/run.sh [GROUP...]     these groups, by default all of them
#   tests/run.sh --list         name the groups
#   TRACE_PROCESSOR=... tests/run.sh perfetto   one that is in no `make check`: see tests/README.md
#
# Every test program prints "PASS name", "FAIL name: why" or "SKIP name: why", a line per test. One that prints none of
# them, ends with a status but no FAIL, or does not end, is itself a failure. The last line is
# "N passed, N failed, N skipped"; the status is 1 when something failed. With CI=true a real test (groups page and
# bpf) that had to be skipped is a failure.
set -u
cd "$(dirname "$0")/.." || exit 1

ALL_GROUPS="text build unit cli golden fuzz nobpf asan tsan page bpf vm"
TEST_SECONDS=300 # none takes a tenth of it; what does hangs

export LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1
unset NO_COLOR MAKEFLAGS MAKELEVEL MFLAGS CDPATH

tmp=$(mktemp -d) || exit 1
chmod 755 "$tmp" # real tests also run as somebody else
root=() cannot_be_root=''
trap '"${root[@]}" rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0 build=$PWD/build strict_skips=''
failures=()

# fail_line TEXT: count a failure, and keep its line for the end
fail_line()
{
	failed=$((failed + 1))
	failures+=("FAIL [$group] $1")
}

# count FILE STATUS NAME: add up the lines of one program
count()
{
	local passes fails skips

	passes=$(grep -c '^PASS ' "$1") fails=$(grep -c '^FAIL ' "$1") skips=$(grep -c '^SKIP ' "$1")
	passed=$((passed + passes))
	while read -r line; do
		fail_line "${line#FAIL }"
	done < <(grep '^FAIL ' "$1")
	if [ -n "$strict_skips" ]; then
		while read -r line; do
			fail_line "${line#SKIP } (skipped, but CI=true)"
		done < <(grep '^SKIP ' "$1")
	else
		skipped=$((skipped + skips))
	fi
	if [ "$2" -ne 0 ] && [ "$fails" -eq 0 ]; then
		say_fail "$3: $(ended "$2")"
	elif [ $((passes + fails + skips)) -eq 0 ]; then
		say_fail "$3: no test of it said how it went"
	fi
}

ended()
{
	case $1 in
	124 | 137) echo "did not end within $TEST_SECONDS s" ;;
	*) echo "ended with status $1" ;;
	esac
}

say_fail()
{
	echo "FAIL $1"
	fail_line "$1"
}

# run_one NAME COMMAND...: a test program, in an empty directory of its own under $tmp
run_one()
{
	local name=$1 status=0 dir=$tmp/work

	shift
	mkdir -p "$dir"
	SCHEDVIZ=$build/schedviz BUILD=$build TEST_TMP=$dir \
		timeout -k 10 "$TEST_SECONDS" "$@" >"$tmp/out" 2>&1 </dev/null || status=$?
	cat "$tmp/out"
	count "$tmp/out" "$status" "$name"
	"${root[@]}" rm -rf "$dir"
}

# check NAME COMMAND...: a check that is silent when all is well; status 77 and a reason: it cannot be made here
check()
{
	local name=$1 status=0

	shift
	"$@" >"$tmp/said" 2>&1 || status=$?
	case $status in
	0) echo "PASS $name" ;;
	77) echo "SKIP $name: $(head -n 1 "$tmp/said")" ;;
	*) cat "$tmp/said" && echo "FAIL $name: $(head -n 1 "$tmp/said")" ;;
	esac >"$tmp/out"
	cat "$tmp/out"
	count "$tmp/out" 0 "$name"
}

group_text()
{
	local c

	for c in layers size top words; do
		check "check-$c" "tools/check-$c"
	done
	run_one checks tests/checks.sh
	run_one perfetto-rules tests/perfetto/test_rules.py
	run_one perfetto-compare tests/perfetto/test_compare.py
}

group_build() { run_one build tests/build.sh; }
group_cli()
{
	run_one cli tests/cli.sh
	run_one perfetto-exports tests/perfetto/test_exports.py
}

group_golden() { run_one golden tests/golden.sh; }

group_unit()
{
	local t

	for t in tests/unit/test_*.c; do
		t=${t%.c}
		run_one "${t##*/}" "$build/$t"
	done
}

group_fuzz()
{
	local t

	for t in tests/fuzz/fuzz_*.c; do
		t=${t%.c}
		run_one "${t##*/}" "$build/$t" "tests/fuzz/corpus/${t##*fuzz_}"
	done
}

# All that needs no kernel, from another build.
offline()
{
	build=$PWD/build/$1
	group_unit
	group_cli
	group_golden
	group_fuzz
	build=$PWD/build
}

group_nobpf() { offline nobpf; }
group_asan() { offline nobpf-san; }

# The thread sanitizer wants its part of the address space, which a kernel may have given to something else.
group_tsan()
{
	local t

	build=$PWD/build/nobpf-tsan
	for t in tests/unit/test_svpool*.c; do
		t=${t%.c}
		run_one "${t##*/}" setarch -R "$build/$t"
	done
	build=$PWD/build
}

# become_root: fill root=() with what makes a command root's, or cannot_be_root with why not
become_root()
{
	[ "$(id -u)" -ne 0 ] || return 0
	if ! command -v sudo >/dev/null; then
		cannot_be_root='needs root, and there is no sudo'
	elif sudo -n true 2>/dev/null || { [ -t 0 ] && [ "${CI:-}" != true ] && sudo -v; }; then
		root=(sudo)
	else
		cannot_be_root='needs root, and sudo wants a password'
	fi
}

# The browser is whoever's runs this; what is recorded for it is root's.
group_page()
{
	local t name lacking

	[ "${CI:-}" != true ] || strict_skips=1
	lacking=$(tools/setup --missing page)
	become_root
	for t in tests/page/*.mjs; do
		name=page-$(basename "$t" .mjs)
		[ "$name" != page-harness ] || continue
		if [ -n "$lacking" ]; then
			echo "SKIP $name: $lacking" >"$tmp/out"
			cat "$tmp/out"
			count "$tmp/out" 0 "$name"
			continue
		fi
		SUDO=${root[*]} run_one "$name" node "$t"
	done
	strict_skips=''
}

real_tests() { find tests/bpf -maxdepth 1 -type f -executable \( -name '*.sh' -o -name '*.py' \) | sort; }

nothing_of_root()
{
	[ "$(id -u)" -ne 0 ] || return 0
	find . -path ./.git -prune -o -user root -print | sed 's/$/ belongs to root/' | grep . && return 1
	return 0
}

# run_real NAME PROGRAM [VARIABLE=VALUE...]: as root, if that can be
run_real()
{
	run_one "$1" "${root[@]}" env SCHEDVIZ="$build/schedviz" BUILD="$build" TEST_TMP="$tmp/work" \
		PYTHONDONTWRITEBYTECODE=1 LC_ALL="$LC_ALL" "${@:3}" "$PWD/$2"
}

# Perfetto's own program, which this repository neither has nor needs, about exports.
group_perfetto()
{
	become_root
	run_real perfetto tests/perfetto/importer.py TRACE_PROCESSOR="${TRACE_PROCESSOR:-}"
}

# Other kernels in virtual machines, one after the other: some of them, or with VM_CELLS=all the whole matrix. Nobody
# has to be root, and a kernel that cannot be had is no failure, wherever this runs.
group_vm()
{
	local cell

	run_one vm-tools tests/vm/tools.sh
	for cell in $(tests/vm/matrix.py --list "${VM_CELLS:-few}"); do
		run_one "vm-$cell" tests/vm/matrix.py "$cell"
	done
	[ "${VM_CELLS:-few}" = few ] || tests/vm/matrix.py --table | tee build/vm-cells/table.md
}

group_bpf()
{
	local t name

	[ "${CI:-}" != true ] || strict_skips=1
	check check-vmlinux tools/check-vmlinux
	become_root
	for t in $(real_tests); do
		name=$(basename "${t%.*}")
		if [ -n "$cannot_be_root" ]; then
			echo "SKIP $name: $cannot_be_root" >"$tmp/out"
			cat "$tmp/out"
			count "$tmp/out" 0 "$name"
			continue
		fi
		run_real "$name" "$t"
	done
	check nothing-of-root-is-left nothing_of_root
	strict_skips=''
}

main()
{
	local started group_started

	if [ "${1:-}" = --list ]; then
		echo "$ALL_GROUPS"
		return 0
	fi
	started=$SECONDS
	# shellcheck disable=SC2086  # a list of words
	[ $# -gt 0 ] || set -- $ALL_GROUPS
	for group in "$@"; do
		if ! declare -F "group_$group" >/dev/null; then
			echo "no group of tests is called '$group': $ALL_GROUPS" >&2
			return 2
		fi
		group_started=$SECONDS
		echo "== $group"
		"group_$group"
		echo "== $group took $((SECONDS - group_started)) s"
	done
	echo
	[ ${#failures[@]} -eq 0 ] || printf '%s\n' "${failures[@]}"
	echo "all groups took $((SECONDS - started)) s"
	echo "$passed passed, $failed failed, $skipped skipped"
	[ "$failed" -eq 0 ]
}

main "$@"
