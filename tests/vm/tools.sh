#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tools.sh - tests of tools/vm-test and tools/vm-kernels: what comes back from a machine, and what is said without one.

. "$(dirname "$0")/../lib.sh"

# Nobody answers there, at once.
offline() { VM_CACHE=$TEST_TMP/cache VM_MIRROR=http://127.0.0.1:9/debian run "$@"; }

test_kernel_that_cannot_be_had_is_named_in_one_sentence()
{
	offline "$ROOT/tools/vm-kernels" 6.1
	expect_status 1
	[ -z "$out" ] || fail "prints $out"
	expect_one_line
	expect_err '^vm-kernels: 6\.1: .*cannot'
}

test_cell_without_its_kernel_is_skipped_and_says_so()
{
	offline env "$ROOT/tests/vm/matrix.py" 6.1:2
	expect_status 0
	[ "$(wc -l <<<"$out")" -eq 1 ] || fail "says $out"
	expect_out '^SKIP 6\.1:2: .*(cannot|missing|not built|hosts)'
}

test_cache_is_enough()
{
	mkdir -p "$TEST_TMP/cache/kernels/6.1"
	echo kept >"$TEST_TMP/cache/kernels/6.1/package"
	offline "$ROOT/tools/vm-kernels" 6.1
	expect_status 0
	[ "$out" = "6.1 $TEST_TMP/cache/kernels/6.1/vmlinuz kept" ] || fail "says $out"
}

test_what_is_no_kernel_is_refused()
{
	offline "$ROOT/tools/vm-kernels" 6.x
	expect_status 1
	expect_err "'6.x' is no kernel"
}

# kernel: its path in $kernel, or skip
kernel()
{
	local lacking

	lacking=$("$ROOT/tools/setup" --missing vm)
	[ -z "$lacking" ] || skip "$lacking"
	run "$ROOT/tools/vm-kernels" 6.1
	[ "$status" -eq 0 ] || skip "$err"
	kernel=$(cut -d ' ' -f 2 <<<"$out")
}

test_status_output_and_files_come_back()
{
	kernel
	printf 'brought \303\244' >"$TEST_TMP/given"
	run "$ROOT/tools/vm-test" -k "$kernel" -t 60 -f "$TEST_TMP/given:/etc/given" -o "$TEST_TMP/back" -- \
		'uname -r; cat /etc/given >/out/given; head -c 100000 /dev/urandom >/out/noise; exit 7'
	expect_status 7
	grep -q '^6\.1\.' <<<"$out" || fail "prints $out"
	cmp "$TEST_TMP/given" "$TEST_TMP/back/given" || fail 'the file came back changed'
	[ "$(wc -c <"$TEST_TMP/back/noise")" -eq 100000 ] || fail 'the other is not whole'
}

test_what_does_not_end_is_ended()
{
	kernel
	run "$ROOT/tools/vm-test" -k "$kernel" -t 2 -- 'sleep 60'
	expect_status 124
}

test_program_with_shared_libraries_is_refused()
{
	kernel
	run "$ROOT/tools/vm-test" -k "$kernel" -f "$(command -v bash)" -- true
	expect_status 125
	expect_one_line
	expect_err 'link it statically'
}

test_image_that_is_not_there_is_refused()
{
	run "$ROOT/tools/vm-test" -k "$TEST_TMP/none" -- true
	expect_status 125
	expect_one_line
	expect_err 'cannot read'
}

run_tests "$@"
