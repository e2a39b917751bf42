#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# checks.sh - tests of the checks: each must pass a clean tree and must find what is planted in it.

. "$(dirname "$0")/lib.sh"

# tree: an empty one in $tree, with the folders the checks look into
tree()
{
	tree=$TEST_TMP/tree
	rm -rf "$tree"
	mkdir -p "$tree"/{bpf,tests,tools,vmlinux} "$tree"/user/{base,trace,model,render,export,cmd,capture,workloads}
	touch "$tree"/{Makefile,README.md,LICENSE}
	echo '# SPDX-License-Identifier: GPL-2.0-only' >"$tree/Makefile"
}

# plant FILE LINE...: a C file with these lines
plant()
{
	local file=$tree/$1

	shift
	printf '%s\n' '/* SPDX-License-Identifier: GPL-2.0-only */' "$@" >"$file"
}

clean() { run "$ROOT/tools/$1" "$tree" && expect_status 0; }

# finds CHECK PATTERN: it fails, and names what was planted
finds()
{
	run "$ROOT/tools/$1" "$tree"
	expect_status 1
	expect_out "$2"
}

test_layers_pass_a_clean_tree()
{
	tree
	plant user/trace/a.c '#include "base/err.h"' '/* printf("no") */' 'int f(void) { return snprintf("puts(x)"); }'
	plant user/cmd/a.c '#include "render/table.h"' '#include "capture/capture.h"' 'void f(void) { puts("yes"); }'
	plant user/capture/a.c '#include <bpf/libbpf.h>' '#include "bpf/abi.h"'
	clean check-layers
}

test_layers_find_an_include_that_points_right()
{
	tree
	plant user/base/a.c '#include "trace/event.h"'
	finds check-layers 'base/a.c:2: base may not include trace/event.h'
}

test_layers_keep_render_and_export_apart()
{
	tree
	plant user/render/a.c '#include "export/exporter.h"'
	plant user/export/b.c '#include "render/term.h"'
	finds check-layers 'render may not include export'
	finds check-layers 'export may not include render'
}

test_layers_keep_libbpf_in_capture()
{
	tree
	plant user/cmd/a.c '#include <bpf/libbpf.h>'
	plant user/trace/b.c '#include "bpf/abi.h"'
	plant user/cmd/c.c '#include "schedviz.skel.h"'
	finds check-layers 'cmd/a.c:2: includes bpf/libbpf.h'
	finds check-layers 'trace/b.c:2: includes bpf/abi.h'
	finds check-layers 'cmd/c.c:2: includes schedviz.skel.h'
}

test_layers_let_workloads_see_only_facts_of_trace()
{
	tree
	plant user/workloads/a.c '#include "trace/facts.h"'
	clean check-layers
	plant user/workloads/a.c '#include "trace/writer.h"'
	finds check-layers 'workloads may not include trace/writer.h'
}

test_layers_find_a_library_that_prints_or_exits()
{
	tree
	plant user/model/a.c 'void f(void) { printf("hello"); }' 'void g(void) { exit(1); }' 'FILE *o = stderr;'
	finds check-layers 'model/a.c:2: printf'
	finds check-layers 'model/a.c:3: exit'
	finds check-layers 'model/a.c:4: stderr'
}

lines() { yes "	a = b;" | head -n "$1"; }

test_size_counts_functions_of_70_lines_and_no_more()
{
	tree
	{ printf 'int f(int a,\n      int b)\n{\n' && lines 66 && echo '}'; } >"$tree/user/base/a.c"
	clean check-size
	{ printf 'int f(int a,\n      int b)\n{\n' && lines 67 && echo '}'; } >"$tree/user/base/a.c"
	finds check-size 'base/a.c: f has 71 lines'
}

test_size_is_not_fooled_by_text_and_tables()
{
	tree
	{ echo 'static const int t[] = {' && lines 90 && echo '};'; } >"$tree/user/base/a.c"
	clean check-size
	{ printf 'int g(void)\n{\n	char c = %s, *s = "}";	/* } */\n' "'}'" && lines 80 && echo '}'; } \
		>"$tree/user/base/a.c"
	finds check-size 'g has 84 lines'
}

test_size_counts_macros_scripts_and_programs()
{
	tree
	{ printf '#define M(x) \\\n' && yes '	x; \' | head -n 75 && echo; } >"$tree/user/base/a.h"
	{ printf '#!/bin/bash\nlong()\n{\n' && lines 75 && echo '}'; } >"$tree/tools/b"
	{ printf 'def long():\n' && yes '    pass' | head -n 75; } >"$tree/tests/c.py"
	{ printf 'SEC("x")\nint BPF_PROG(hook, int a)\n{\n' && lines 75 && echo '}'; } >"$tree/bpf/d.bpf.c"
	{ printf 'class A {\n\tlong() {\n' && lines 75 && printf '\t}\n}\n'; } >"$tree/user/e.js"
	finds check-size 'e.js: long has 77 lines'
	finds check-size 'a.h: M has 77 lines'
	finds check-size 'tools/b: long has 78 lines'
	finds check-size 'c.py: long has 76 lines'
	finds check-size 'd.bpf.c: hook has '
}

test_size_finds_long_files_and_lines()
{
	tree
	yes 'int a;' | head -n 501 >"$tree/user/base/a.c"
	printf '\t%0113d\n' 0 >"$tree/user/base/b.c"
	finds check-size 'a.c: 501 lines'
	finds check-size 'b.c:1: 121 columns'
}

test_top_level_holds_nothing_else()
{
	tree
	touch "$tree/schedviz" "$tree/a.svz" "$tree/a.svz.old"
	clean check-top
	touch "$tree/notes.txt"
	finds check-top 'notes.txt does not belong'
	rm "$tree/notes.txt" "$tree/LICENSE"
	finds check-top 'LICENSE is missing'
}

test_words_find_what_is_unfinished_or_private()
{
	local word=TO path=/ho

	tree
	plant user/base/a.c '/* one / two, and a/home/of */'
	clean check-words
	plant user/base/a.c "/* ${word}DO: later */"
	finds check-words 'base/a.c:2:.*unfinished'
	plant user/base/a.c "char *p = \"${path}me/me/x\";"
	finds check-words "base/a.c:2:.*somebody"
	echo 'int unsigned;' >"$tree/user/base/a.c"
	finds check-words 'base/a.c does not say its licence'
}

# formatted LINE...: what check-format says of a file of these lines
formatted()
{
	command -v clang-format >/dev/null || skip 'clang-format is missing: apt-get install clang-format'
	tree
	plant user/base/a.c "$@"
	run "$ROOT/tools/check-format" "$tree/user/base/a.c"
}

test_format_finds_code_that_is_laid_out_otherwise()
{
	formatted 'int f(int a)' '{' '	if (a){' '		return  1;' '	}' '	return g(a,2);' '}'
	expect_status 1
	expect_out 'a.c:4: clang-format'
	expect_out 'a.c:5: clang-format'
	expect_out 'a.c:7: clang-format'
}

test_format_leaves_tables_comments_and_texts_alone()
{
	formatted '#define ROW(a)    { a, 1 }' 'static const int t[][2] = {' '	{ 1,  2 },	{ 30, 4 },' '};' '' \
		'enum e { A,' '	 B };' '' \
		'struct s {' '	int a;	      /* one */' '	long long b; /* two */' '};' '' \
		'int f(void)' '{' '	return g("one "' '		"two");' '}'
	expect_status 0
}

# vmlinux_with SED: the tree holds our header, changed
vmlinux_with()
{
	tree
	sed "$1" "$ROOT/vmlinux/vmlinux.h" >"$tree/vmlinux/vmlinux.h"
	run "$ROOT/tools/check-vmlinux" "$tree"
	[ "$status" -ne 77 ] || skip "$out"
}

test_vmlinux_finds_a_field_that_is_not_there()
{
	vmlinux_with 's/\bexit_code;/exit_kode;/'
	expect_status 1
	expect_out 'task_struct: exit_kode is not in this kernel'
}

test_vmlinux_finds_a_type_that_does_not_fit()
{
	vmlinux_with 's/int exit_code;/long exit_code;/'
	expect_status 1
	expect_out 'exit_code has 4 bytes, not 8'
	vmlinux_with 's/char comm\[16\]/char comm[64]/'
	expect_status 1
	expect_out 'comm has 16 elements, not 64'
	vmlinux_with 's/struct signal_struct \*signal;/struct linux_binprm *signal;/'
	expect_status 1
	expect_out 'signal points to signal_struct, not to linux_binprm'
}

test_vmlinux_excuses_what_says_its_releases()
{
	vmlinux_with 's,int exit_code;,int exit_kode; /* before 3.0 */,'
	expect_status 0
	vmlinux_with 's,int exit_code;,int exit_kode; /* 3.0 on */,'
	expect_status 1
}

run_tests "$@"
