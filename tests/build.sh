#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh - tests of the Makefile: what is rebuilt when, what is installed, what is said when something is missing.
#
# They work on a copy of the tree, with what was built in it, so that the tree itself is left alone.

. "$(dirname "$0")/lib.sh"

# copy: be in a copy of the tree and its builds, as they are; made once, refreshed never
copy()
{
	copy=$TEST_TMP/copy
	if [ ! -d "$copy" ]; then
		mkdir -p "$copy/build"
		find "$ROOT" -mindepth 1 -maxdepth 1 ! -name build ! -name '.*' ! -name '*.svz*' \
			-exec cp -a {} "$copy" \;
		cp -a "$ROOT"/build/{user,bpf,flags,link-flags,bpf-flags,schedviz,schedviz.a,nobpf} "$copy/build"
	fi
	cd "$copy" || fail 'no copy'
}

# A knob of whoever runs the tests must not become one of these builds.
build() { run env -i PATH="$PATH" HOME="$TEST_TMP" make WERROR=0 "$@"; }

compiled() { sed -nE 's/^  (CC|BPF) +//p' <<<"$out"; }

test_nothing_changed_builds_nothing()
{
	copy
	build
	expect_status 0
	[ -z "$(compiled)" ] || fail "compiles $(compiled)"
	build BPF=0
	expect_status 0
	[ -z "$(compiled)" ] || fail "compiles $(compiled)"
}

test_header_edit_rebuilds_what_includes_it()
{
	local users

	copy
	users=$(grep -rl --include='*.d' 'user/base/json\.h' build/nobpf/user | sed 's,build/nobpf/,,; s/\.d$/.c/')
	[ -n "$users" ] || fail 'nobody includes base/json.h'
	echo '/* edited */' >>user/base/json.h
	build BPF=0
	expect_status 0
	[ "$(compiled | sort)" = "$(sort <<<"$users")" ] || fail "compiles $(compiled | tr '\n' ' '), not $users"
}

test_bpf_header_edit_rebuilds_skeleton_and_capture()
{
	copy
	[ -e build/bpf/schedviz.skel.h ] || skip 'the recording half is not built'
	echo '/* edited */' >>vmlinux/vmlinux.h
	build
	expect_status 0
	compiled | grep -q 'bpf/schedviz.bpf.c' || fail 'the BPF side is not rebuilt'
	expect_out 'SKEL +build/bpf/schedviz.skel.h'
	compiled | grep -q 'user/capture/' || fail 'capture is not rebuilt'
	! compiled | grep -q 'user/trace/' || fail 'trace is rebuilt'
}

test_page_edit_rebuilds_what_embeds_it()
{
	copy
	build BPF=0
	echo '/* edited */' >>user/export/html/page.css
	build BPF=0
	expect_status 0
	[ "$(compiled)" = user/export/html.c ] || fail "compiles $(compiled)"
}

# page_of JS: put that script into the page
page_of()
{
	printf '%s\n' "$1" >"$TEST_TMP/one.js"
	run "$ROOT/tools/page" "$ROOT"/user/export/html/page.{html,css} "$TEST_TMP/one.js"
}

test_page_refuses_what_would_end_its_script()
{
	local bad

	for bad in 'a = "</ScRipt>";' 'a = "<script>";' 'a = "<!--";'; do
		page_of "$bad"
		expect_status 1
		[ -z "$out" ] || fail "with '$bad' it makes a page"
		expect_err 'must not hold that'
	done
	page_of 'a = "script";'
	expect_status 0
}

test_page_needs_each_marker_once()
{
	sed 's/<!--js-->//' "$ROOT/user/export/html/page.html" >"$TEST_TMP/page.html"
	run "$ROOT/tools/page" "$TEST_TMP/page.html" "$ROOT"/user/export/html/{page.css,data.js}
	expect_status 1
	expect_one_line
	expect_err 'each marker once'
}

test_deleted_header_is_no_obstacle()
{
	copy
	echo '/* SPDX-License-Identifier: GPL-2.0-only */' >user/base/passing.h
	cp -p user/base/err.c "$TEST_TMP/err.c"
	sed -i '2i #include "base/passing.h"' user/base/err.c
	build BPF=0
	expect_status 0
	rm user/base/passing.h
	cp "$TEST_TMP/err.c" user/base/err.c
	build BPF=0
	expect_status 0
}

test_new_source_is_linked()
{
	copy
	printf 'int newcomer(void);\nint newcomer(void)\n{\n\treturn 1;\n}\n' >user/base/newcomer.c
	build BPF=0
	expect_status 0
	[ "$(compiled)" = user/base/newcomer.c ] || fail "compiles $(compiled)"
	nm build/nobpf/schedviz.a 2>/dev/null | grep -q newcomer || fail 'the newcomer is not linked'
	rm user/base/newcomer.c
	build BPF=0
	nm build/nobpf/schedviz.a 2>/dev/null | grep -q newcomer && fail 'the newcomer stays after it is gone'
	return 0
}

test_changed_flag_rebuilds_everything()
{
	local all

	copy
	build BPF=0
	all=$(($(ar t build/nobpf/schedviz.a | wc -l) + 1)) # and main
	build -n BPF=0 CFLAGS=-O1
	[ "$(grep -c ' -c -o build/nobpf/user' <<<"$out")" -eq "$all" ] || fail "a new CFLAGS does not rebuild all $all"
	build -n BPF=0 LDFLAGS=-Wl,-z,now
	! grep -q ' -c -o build/nobpf/user' <<<"$out" || fail 'a new LDFLAGS compiles'
	grep -q 'AR\|-o build/nobpf/schedviz ' <<<"$out" || fail 'a new LDFLAGS does not link'
}

test_program_at_the_top_is_the_variant_asked_for()
{
	copy
	build BPF=0
	cmp -s schedviz build/nobpf/schedviz || fail "'make BPF=0' leaves another program"
	build
	cmp -s schedviz build/schedviz || fail "'make' after 'make BPF=0' leaves the offline program"
}

test_nothing_but_the_program_is_left_at_the_top()
{
	copy
	build
	run tools/check-top
	expect_status 0
}

test_offline_build_needs_no_libbpf()
{
	copy
	build BPF=0
	readelf -d build/nobpf/schedviz | grep NEEDED | grep -qE 'bpf|elf' && fail 'it is linked with libbpf'
	grep -rlE --include='*.d' 'libbpf|skel\.h' build/nobpf && fail 'it includes libbpf'
	mkdir -p stubs
	printf '#!/bin/sh\necho "called: $0" >&2\nexit 1\n' | tee stubs/clang >stubs/bpftool
	chmod +x stubs/*
	touch user/base/err.c
	PATH=$PWD/stubs:$PATH build BPF=0 # for the function alone
	rm -r stubs
	expect_status 0
	[ -z "$err" ] || fail "it says $err"
}

test_install_puts_everything_under_destdir_and_prefix()
{
	local got want

	copy
	build install DESTDIR="$TEST_TMP/dest" prefix=/opt/sv
	expect_status 0
	got=$(cd "$TEST_TMP/dest" && find . -type f | sort | tr '\n' ' ')
	want="./opt/sv/bin/schedviz ./opt/sv/include/schedviz_mark.h ./opt/sv/include/svpool.h "
	want+="./opt/sv/lib/libsvpool.a ./opt/sv/lib/pkgconfig/svpool.pc "
	want+="./opt/sv/share/bash-completion/completions/schedviz ./opt/sv/share/man/man1/schedviz.1 "
	[ "$got" = "$want" ] || fail "installs $got"
	cd "$TEST_TMP/dest/opt/sv" || fail 'nothing there'
	grep -q '^\.TH' share/man/man1/schedviz.1 || fail 'the manual is none'
	bash -n share/bash-completion/completions/schedviz || fail 'the completion is no bash'
	echo '#include "schedviz_mark.h"' | gcc -Wall -Wextra -Werror -std=gnu11 -Iinclude -fsyntax-only -x c - ||
		fail 'the header does not stand alone'
	bin/schedviz help >/dev/null || fail 'the program does not run'
	cd "$copy" || fail 'no copy'
	build uninstall DESTDIR="$TEST_TMP/dest" prefix=/opt/sv
	[ -z "$(find "$TEST_TMP/dest" -type f)" ] || fail 'uninstall leaves files'
}

test_an_outside_program_builds_with_the_installed_svpool()
{
	local flags

	command -v pkg-config >/dev/null || skip 'there is no pkg-config'
	copy
	build install DESTDIR="$TEST_TMP/dest" prefix=/opt/sv
	expect_status 0
	cat >"$TEST_TMP/outside.c" <<-'END'
		#include <stdio.h>
		#include <svpool.h>

		static int twice(const void *arg, size_t len, void *out, size_t room)
		{
			(void)len, (void)room;
			*(int *)out = 2 * *(const int *)arg;
			return 0;
		}

		int main(void)
		{
			int in[3] = { 1, 2, 3 }, out[3] = { 0 };
			svp *p = svp_new(2, NULL);
			int ret = p ? svp_map(p, twice, in, 3, sizeof(int), out, sizeof(int), 0) : 1;

			svp_free(p);
			printf("%d: %d %d %d\n", ret, out[0], out[1], out[2]);
			return 0;
		}
	END
	flags=$(PKG_CONFIG_PATH=$TEST_TMP/dest/opt/sv/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$TEST_TMP/dest \
		pkg-config --cflags --libs svpool) || fail 'pkg-config does not know svpool'
	# shellcheck disable=SC2086  # they are words
	gcc -Wall -Wextra -Werror -std=c11 -o "$TEST_TMP/outside" "$TEST_TMP/outside.c" $flags ||
		fail 'it does not link'
	run "$TEST_TMP/outside"
	[ "$out" = '0: 2 4 6' ] || fail "it says $out"
	if command -v g++ >/dev/null; then
		g++ -Wall -Wextra -Werror -fsyntax-only -x c++ "$TEST_TMP/dest/opt/sv/include/svpool.h" ||
			fail 'it is not for C++'
	fi
	[ "$(PKG_CONFIG_PATH=$TEST_TMP/dest/opt/sv/lib/pkgconfig pkg-config --variable=prefix svpool)" = /opt/sv ] ||
		fail 'the prefix is not in svpool.pc'
}

test_svpool_needs_libc_alone()
{
	local strangers

	copy
	build BPF=0 build/nobpf/libsvpool.a
	expect_status 0
	echo 'int main(void) { return 0; }' | gcc -o "$TEST_TMP/whole" -x c - \
		-x none -Wl,--whole-archive build/nobpf/libsvpool.a -Wl,--no-whole-archive -pthread ||
		fail 'it does not link'
	strangers=$(nm -u build/nobpf/libsvpool.a | awk '/ U /{ print $2 }' |
		grep -xE 'exit|abort|puts|fputs|fputc|putchar|v?f?printf|__v?f?printf_chk|err|perror')
	[ -z "$strangers" ] || fail "it calls $strangers"
	strangers=$(nm -g --defined-only build/nobpf/libsvpool.a | awk 'NF == 3 { print $3 }' |
		grep -vE '^(svp_|svq_|schedviz_mark_state$)')
	[ -z "$strangers" ] || fail "it defines $strangers"
}

# says_missing SENTENCE MAKE-ARGUMENT...: that one sentence, as make's own error, and nothing is built
says_missing()
{
	local sentence=$1

	shift
	copy
	build BUILD="$TEST_TMP/other" "$@"
	expect_status 2
	expect_one_line
	expect_err "$sentence"
	[ -z "$(find "$TEST_TMP/other" -name '*.o' 2>/dev/null)" ] || fail 'something was built'
	rm -rf "$TEST_TMP/other"
}

test_missing_compiler_is_named_in_one_sentence()
{
	says_missing 'no-such-cc is missing: apt-get install gcc' BPF=0 CC=no-such-cc
}

test_missing_clang_is_named_in_one_sentence()
{
	says_missing 'no-such-clang is missing: apt-get install clang' CLANG=no-such-clang
}

test_missing_bpftool_is_named_in_one_sentence()
{
	says_missing 'no-such-tool is missing: apt-get install bpftool' BPFTOOL=no-such-tool
}

test_missing_headers_are_named_in_one_sentence()
{
	local cc=$TEST_TMP/cc

	printf '#!/bin/sh\nexec gcc -nostdinc "$@"\n' >"$cc"
	chmod +x "$cc"
	says_missing 'stdio.h, zlib.h are missing: apt-get install libc6-dev zlib1g-dev' BPF=0 CC="$cc"
}

test_help_lists_targets_and_knobs()
{
	local word

	copy
	build help
	expect_status 0
	for word in all run check golden bench fuzz lint install uninstall clean help BPF=0 SAN=1 STATIC=1 DESTDIR; do
		expect_out "^ +.*$word"
	done
}

test_setup_does_nothing_twice()
{
	cd "$ROOT" || fail 'no tree'
	mkdir -p "$TEST_TMP/bin"
	printf '#!/bin/sh\necho "called: $0" >&2\nexit 1\n' | tee "$TEST_TMP/bin/sudo" >"$TEST_TMP/bin/apt-get"
	chmod +x "$TEST_TMP/bin"/*
	run env PATH="$TEST_TMP/bin:$PATH" tools/setup build check
	expect_status 0
	[ -z "$out$err" ] || fail "says $out$err"
}

test_setup_names_what_it_cannot_install()
{
	local tool

	mkdir -p "$TEST_TMP/few"
	for tool in bash awk sed id env gcc cat sh uname; do
		ln -sf "$(command -v "$tool")" "$TEST_TMP/few/$tool"
	done
	run env PATH="$TEST_TMP/few" CLANG=no-such-clang "$ROOT/tools/setup" recorder
	expect_status 1
	expect_one_line
	expect_err 'no-such-clang .*missing'
}

run_tests "$@"
