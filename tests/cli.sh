#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# cli.sh - the command line from outside, without any privilege: usage errors, help, exit codes, colours, pager.
#
# Prints "PASS name", "FAIL name: why" or "SKIP name: why" for each test. SCHEDVIZ is the program, ./schedviz if unset;
# TEST_TMP a directory to work in.
set -u

schedviz=$(realpath "${SCHEDVIZ:-./schedviz}") || exit 1
here=$(realpath "${0%/*}")
if [ -n "${TEST_TMP:-}" ]; then
	tmp=$TEST_TMP
else
	tmp=$(mktemp -d) || exit 1
	trap 'rm -rf "$tmp"' EXIT
fi
cd "$tmp" || exit 1

export LC_ALL=C.UTF-8 TERM=xterm
unset NO_COLOR COLUMNS LINES PAGER SCHEDVIZ_PAGER LESS SUDO_UID
failed=0

pass() { echo "PASS $1"; }
skip() { echo "SKIP $1: $2"; }
fail()
{
	echo "FAIL $1: $2"
	failed=1
}

# same NAME GOT WANTED
same()
{
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$(head -c 300 <<<"$2")', not '$(head -c 300 <<<"$3")'"
	fi
}

# has NAME TEXT PATTERN: an extended regular expression somewhere in the text
has()
{
	if grep -qE -- "$3" <<<"$2"; then pass "$1"; else fail "$1" "no '$3' in '$(head -c 300 <<<"$2")'"; fi
}

# lacks NAME TEXT PATTERN
lacks()
{
	if grep -qE -- "$3" <<<"$2"; then fail "$1" "'$3' in '$(head -c 300 <<<"$2")'"; else pass "$1"; fi
}

# refuses NAME SENTENCE ARGUMENT...: a usage error is one sentence on standard error, nothing else, and status 2
refuses()
{
	local name=$1 sentence=$2 status=0

	shift 2
	"$schedviz" "$@" >out 2>err </dev/null || status=$?
	same "$name" "$status|$(<out)|$(<err)" "2||schedviz: $sentence"
}

# on_terminal COMMAND...: its output on a terminal of its own, without carriage returns
on_terminal()
{
	script -qec "$(printf '%q ' "$@")" /dev/null </dev/null | tr -d '\r'
}

# A recording in the text form, which every build reads.
cat >small.svz <<'TRACE'
schedviz-text 1
cpus 1
0ms    cpu0 switch idle/0 R -> web/10
1ms    cpu0 waking db/11 by web/10
1ms    cpu0 switch web/10 R -> db/11
2.5ms  cpu0 switch db/11 S -> web/10
3.5ms  end
TRACE

usage_errors()
{
	local see="'schedviz help' shows them all"

	refuses unknown_command_with_a_near_one "unknown command 'shwo' - did you mean 'show'?" shwo
	refuses unknown_command_with_none_near "unknown command 'xyzzy' - $see" xyzzy
	refuses empty_command "unknown command '' - $see" ''
	refuses workload_as_command "'pool' is a workload, not a command - did you mean 'run pool'?" pool
	refuses unknown_option_of_the_program "unknown option '--versoin' - did you mean '--version'?" --versoin
	refuses unknown_option "unknown option '--windw' - did you mean '--window'?" show --windw 1s..2s
	refuses path_without_tasks \
		"--cpus draws no tasks for --path to run along - leave out one of them" show --cpus --path
	refuses unknown_letter "unknown option '-Z'" show -Z
	refuses flag_with_value "--ascii takes no value" show --ascii=yes
	refuses value_missing "--color needs a value: --color WHEN" show --color
	refuses choice_wrong "--color must be auto, always or never, not 'blue'" list --color blue
	refuses too_many_words "unexpected word 'b' - usage: schedviz show [TRACE]" show a b
	refuses words_where_none_are_taken "unexpected word 'x' - usage: schedviz list" list x
	refuses window_backwards "--window: '2s..1s' is not a window - it must begin before it ends" \
		show --window 2s..1s
	refuses help_of_unknown_command "unknown command 'recrod' - did you mean 'record'?" help recrod
	refuses help_of_unknown_workload "no workload 'pol' - did you mean 'pool'?" help run pol
	refuses help_with_too_many_words "unexpected word 'x' - usage: schedviz help [COMMAND [WORKLOAD]]" help list x
}

workload_errors()
{
	local from="--workers must be from 1 to 1000" dead=' deadline:RUN/DEADLINE/PERIOD'

	refuses run_without_workload "run needs a workload - 'schedviz list' shows them" run
	refuses run_unknown_workload "no workload 'poool' - did you mean 'pool'?" run poool
	refuses run_unknown_option "unknown option '--wrokers' - did you mean '--workers'?" run pool --wrokers 2
	refuses run_unknown_option_first "unknown option '--wrokers' - did you mean '--workers'?" run --wrokers 2 pool
	refuses run_workers_0 "$from, not 0" run pool --workers 0
	refuses run_workers_negative "$from, not -1" run pool --workers -1
	refuses run_workers_huge "$from, not 1000000000" run pool --workers 1000000000
	refuses run_workers_no_number "$from: 'abc' is not a number" run pool --workers abc
	refuses run_option_before_the_workload "$from, not 0" run --workers 0 pool
	refuses run_knob_of_another_workload "'seq' has no knob --workers - 'schedviz help run seq' shows its own" \
		run seq --workers 2
	refuses run_policy_unknown "'fast' is not a policy - give other, batch, idle, fifo:P, rr:P or$dead" \
		run seq --policy fast
	refuses run_one_dash "unknown option '-workers' - did you mean '--workers'?" run pool -workers 2
}

no_arguments()
{
	local status=0

	"$schedviz" >out 2>err || status=$?
	same no_arguments_is_a_usage_error "$status|$(<out)|$(head -n 1 err)" \
		"2||usage: schedviz COMMAND [OPTION]... [ARGUMENT]..."
}

help_pages()
{
	local command all

	has version "$("$schedviz" --version)" '^schedviz [0-9]'
	all=$("$schedviz" help)
	same help_long "$("$schedviz" --help)" "$all"
	same help_short "$("$schedviz" -h)" "$all"
	for command in run record show stat explain compare check dump info list doctor help; do
		has "help_names_$command" "$all" "^  $command +[a-z]"
		"$schedviz" help $command >out || fail "help_$command" "status $?"
		has "help_$command" "$(<out)" "^Usage: schedviz $command \[OPTION\]"
		same "help_option_of_$command" "$("$schedviz" $command --help)" "$(<out)"
		same "help_before_$command" "$("$schedviz" -h $command)" "$(<out)"
	done
}

checks()
{
	local status=0 sentence="'small.svz' is not the recording of an included workload - 'schedviz run' makes one"

	"$schedviz" check small.svz >out 2>err || status=$?
	same check_of_what_is_no_workload "$status|$(<out)|$(<err)" "1||schedviz: $sentence"
	status=0
	"$schedviz" check --as 'seq --tasks x' small.svz >out 2>err || status=$?
	has check_against_a_bad_line "$status|$(<out)|$(<err)" '^1\|\|schedviz: .*not the line of a workload: --tasks'
	for workload in $("$schedviz" help --completion | sed -n "s/.*local workloads='\(.*\)'/\1/p"); do
		status=0
		"$schedviz" check --as "$workload" small.svz >out 2>err || status=$?
		has "check_of_a_stranger_as_$workload" "$status|$(tail -n 1 out)" '^(1|77)\|.*not (as predicted|judged)'
		has "help_run_${workload}_has_theory" "$("$schedviz" help run "$workload")" '^Theory$'
	done
}

explains()
{
	local file status=0 readable=() sections='findings, path, whatif, ledger, blame, latency, jobs, locks'

	refuses explain_unknown_section "there is no section 'paths' - the sections are $sections" explain --only paths
	refuses explain_two_recordings "unexpected word 'b' - usage: schedviz explain [TRACE]" explain a b
	has explain_has_sections "$("$schedviz" explain small.svz)" '^Where the CPUs. time went$'
	lacks explain_only_what_is_asked "$("$schedviz" explain --only path small.svz)" '^Where the CPUs. time went$'
	python3 -c 'import json, sys; sections = json.load(sys.stdin)
print(*(s for s in sys.argv[1].split(", ") if s not in sections))' "$sections" \
		< <("$schedviz" explain --json small.svz) >out
	same explain_json_has_every_section "$(<out)" ""
	same explain_adds_up_for_every_drawn_recording \
		"$(SCHEDVIZ=$schedviz "$here/explain_laws.py" "$here"/golden/*/*/trace.txt 2>&1)" ""
	for file in "$here"/fuzz/corpus/reader/*; do
		"$schedviz" info "$file" >/dev/null 2>&1 && readable+=("$file")
	done
	same explain_adds_up_for_whatever_can_be_read \
		"$(SCHEDVIZ=$schedviz "$here/explain_laws.py" "${readable[@]:-none}" 2>&1)" ""
	status=0
	"$schedviz" explain --job 77 small.svz >out 2>err || status=$?
	has explain_of_an_unknown_job "$status|$(<out)|$(<err)" \
		"^1\|\|schedviz: there is no job 77 - 'schedviz stat' lists"
	status=0
	"$schedviz" explain --of nobody small.svz >out 2>err || status=$?
	has explain_of_an_unknown_task "$status|$(<out)|$(<err)" "^1\|\|schedviz: no task .* matches 'nobody'"
}

compares()
{
	local status=0 two="two recordings are compared - schedviz compare A.svz B.svz, or of repeated runs"

	refuses compare_one "$two A-1.svz A-2.svz vs B-1.svz B-2.svz" compare small.svz
	refuses compare_three "$two A-1.svz A-2.svz vs B-1.svz B-2.svz" compare a b c
	refuses compare_nothing_with "$two A-1.svz A-2.svz vs B-1.svz B-2.svz" compare a vs
	has compare_with_itself "$("$schedviz" compare small.svz small.svz)" '^Both took the same time: '
	cp small.svz rep-1.svz && cp small.svz rep-2.svz
	has compare_repeated "$("$schedviz" compare --columns 400 rep.svz small.svz)" \
		'within the noise of the repeated runs'
	has compare_groups "$("$schedviz" compare --json rep-1.svz rep-2.svz vs small.svz)" \
		'"recordings_a":2,"recordings_b":1'
	lacks compare_without_pictures "$("$schedviz" compare --no-picture small.svz small.svz)" 'one cell'
	status=0
	"$schedviz" compare small.svz none.svz >out 2>err || status=$?
	has compare_with_what_is_not_there "$status|$(<out)|$(<err)" "^1\|\|schedviz: .*'none.svz'"
}

help_of_workloads()
{
	local page

	page=$("$schedviz" help run pool)
	has help_run_lists_workloads "$("$schedviz" run --help)" '^  pool +[0-9a-z]'
	has help_run_pool_has_knobs "$page" '^  -w, --workers N '
	has help_run_pool_has_own_options "$page" '^  -o, --output FILE '
	has help_run_pool_has_an_example "$page" '^  .*schedviz run pool'
	same help_run_pool_option "$("$schedviz" run pool --help)" "$page"
	same help_run_pool_option_first "$("$schedviz" run -h pool)" "$page"
	has list_names_workloads "$("$schedviz" list)" '^  pool +[0-9a-z]'
	has list_has_examples "$("$schedviz" list)" '^ +.*schedviz run pool'
	lacks hidden_options_are_not_shown "$("$schedviz" help help)" '--manual|--completion'
}

# widest_is NAME MIN MAX: the longest line of standard input
widest_is()
{
	local n

	n=$(awk 'length > n { n = length } END { print n + 0 }')
	if [ "$n" -ge "$2" ] && [ "$n" -le "$3" ]; then pass "$1"; else fail "$1" "widest line: $n"; fi
}

widths()
{
	widest_is help_is_80_wide 60 80 < <("$schedviz" help)
	widest_is columns_decide 81 100 < <(COLUMNS=100 "$schedviz" help)
	widest_is lines_for_reading_are_not_endless 81 100 < <(COLUMNS=500 "$schedviz" help)
	same columns_of_junk_are_ignored "$(COLUMNS=many "$schedviz" help)" "$("$schedviz" help)"
	same columns_of_0_are_ignored "$(COLUMNS=0 "$schedviz" help)" "$("$schedviz" help)"
}

writing()
{
	local status=0

	"$schedviz" help >/dev/full 2>err || status=$?
	same full_disk "$status|$(<err)" "1|schedviz: cannot write to standard output: No space left on device"
	status=0
	"$schedviz" help >&- 2>err || status=$?
	same closed_output "$status|$(<err)" "1|schedviz: cannot write to standard output: Bad file descriptor"
	"$schedviz" help >&- 2>&- <&-
	same everything_closed $? 1

	# the reader is gone before anything is written
	{
		sleep 0.2
		status=0
		"$schedviz" help 2>err || status=$?
		echo "$status|$(<err)" >result
	} | true
	same reader_gone_is_quiet "$(<result)" "0|"
}

strangers_names()
{
	local status=0

	"$schedviz" show $'nosuch\e[31m\n' >out 2>err || status=$?
	has missing_file_is_named "$status $(<err)" '^1 schedviz: .*nosuch'
	has escapes_in_names_are_shown "$(<err)" 'nosuch\\x1b\[31m\\x0a'
	lacks escapes_in_names_are_not_obeyed "$(<err)" $'\e'
	same an_error_is_one_line "$(wc -l <err)" 1
	"$schedviz" $'sh\e]0;x\aow' 2>err
	lacks escapes_in_commands_are_not_obeyed "$(<err)" $'\e'
	"$schedviz" show --color=$'\u202egnorw' 2>err
	has bidi_in_values_is_shown "$(<err)" '\\xe2\\x80\\xaegnorw'
}

colours()
{
	local esc=$'\e\\['

	lacks no_colour_into_a_pipe "$("$schedviz" show small.svz)" "$esc"
	has colour_always "$("$schedviz" show --color=always small.svz)" "$esc"
	has colour_before_the_command "$("$schedviz" --color always show small.svz)" "$esc"
	has colour_always_beats_no_color "$(NO_COLOR=1 "$schedviz" show --color=always small.svz)" "$esc"
	lacks not_ascii_only_in_ascii "$("$schedviz" show --ascii small.svz | LC_ALL=C tr -d '\n -~')" .
	lacks ascii_in_the_c_locale "$(LC_ALL=C "$schedviz" show small.svz | LC_ALL=C tr -d '\n -~')" .
	has utf8_in_a_utf8_locale "$("$schedviz" show small.svz | LC_ALL=C tr -d '\n -~' | wc -c)" '[1-9]'
	has lc_all_beats_lang "$(LANG=C "$schedviz" show small.svz | LC_ALL=C tr -d '\n -~' | wc -c)" '[1-9]'
}

colours_on_terminals()
{
	local esc=$'\e\\['

	has colour_on_a_terminal "$(on_terminal "$schedviz" show --no-pager small.svz)" "$esc"
	lacks no_color_is_heeded "$(NO_COLOR=1 on_terminal "$schedviz" show --no-pager small.svz)" "$esc"
	has empty_no_color_means_nothing "$(NO_COLOR='' on_terminal "$schedviz" show --no-pager small.svz)" "$esc"
	lacks colour_never "$(on_terminal "$schedviz" show --no-pager --color=never small.svz)" "$esc"
	lacks no_colour_on_a_dumb_terminal "$(TERM=dumb on_terminal "$schedviz" show --no-pager small.svz)" "$esc"
}

pager()
{
	local page paged

	page=$("$schedviz" help)
	paged=$("$schedviz" help | sed 's/^/paged: /')
	export LINES=10 COLUMNS=80 SCHEDVIZ_PAGER="sed 's/^/paged: /'"
	same pager_when_it_does_not_fit "$(on_terminal "$schedviz" help)" "$paged"
	same no_pager_when_it_fits "$(LINES=200 on_terminal "$schedviz" help)" "$page"
	same no_pager_when_told "$(on_terminal "$schedviz" help --no-pager)" "$page"
	same no_pager_into_a_pipe "$("$schedviz" help)" "$page"
	same own_pager_wins "$(PAGER=false on_terminal "$schedviz" help)" "$paged"
	same pager_cat_means_none "$(SCHEDVIZ_PAGER='cat' on_terminal "$schedviz" help)" "$page"
	same pager_empty_means_none "$(SCHEDVIZ_PAGER='' on_terminal "$schedviz" help)" "$page"
	has pager_that_is_not_there "$(SCHEDVIZ_PAGER=no-such-pager on_terminal "$schedviz" help)" '^Usage: schedviz'
	same pager_that_is_left_early "$(SCHEDVIZ_PAGER=true on_terminal "$schedviz" help && echo fine)" fine
	unset SCHEDVIZ_PAGER
	same pager_of_the_environment "$(PAGER='sed "s/^/paged: /"' on_terminal "$schedviz" help)" "$paged"
	unset LINES COLUMNS
}

manual()
{
	"$schedviz" help --manual >schedviz.1
	has manual_names_every_command "$(<schedviz.1)" '^\.SS doctor$'
	has manual_is_not_googles "$(<schedviz.1)" "Google"
	if command -v man >/dev/null; then
		same manual_is_clean "$(man --warnings -l schedviz.1 2>&1 >/dev/null)" ''
		has manual_reads_well "$(MANWIDTH=80 man -l schedviz.1 | col -b)" '^       -w, --workers N$'
	else
		skip manual_is_clean 'no man here'
	fi
}

# completes WORD...: prints what the last word can become
completes()
{
	COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
	_schedviz
	echo "${COMPREPLY[*]}"
}

completion()
{
	"$schedviz" help --completion >completion
	# shellcheck source=/dev/null
	if ! source ./completion; then
		fail completion_is_bash 'it cannot be read'
		return
	fi
	mkdir -p directory
	touch other.txt
	same completes_commands "$(completes schedviz doc)" doctor
	same completes_options "$(completes schedviz show --col)" "--columns --color"
	same completes_choices "$(completes schedviz show --color a)" "auto always"
	same completes_choices_behind_an_equals_sign "$(completes schedviz show --color = ne)" never
	same completes_workloads "$(completes schedviz run pol)" policy
	same completes_options_of_workloads "$(completes schedviz run pool --work)" "--workers --work"
	same completes_choices_of_workloads "$(completes schedviz run pool --handoff so)" socketpair
	same completes_recordings "$(completes schedviz stat s)" small.svz
	same completes_directories "$(completes schedviz info d)" directory
	same completes_any_file_for_output "$(completes schedviz record -o other)" other.txt
	same completes_words_of_help "$(completes schedviz help rec)" record
	same completes_nothing_for_numbers "$(completes schedviz show --top '')" ''
}

# fails NAME STATUS SENTENCE ARGUMENT...: status, nothing on standard output, one sentence; and no file is left
fails()
{
	local name=$1 wanted=$2 sentence=$3 status=0 before

	shift 3
	before=$(ls)
	"$schedviz" "$@" >out 2>err </dev/null || status=$?
	same "$name" "$status|$(<out)|$(<err)" "$wanted||schedviz: $sentence"
	same "${name}_leaves_no_file" "$(ls)" "$before"
}

exports()
{
	local lines bytes

	: >out
	refuses export_to_what "export to what? - give --to FORMAT; 'schedviz help export' lists them" export small.svz
	refuses export_nearest "'jsn' is no format - did you mean json?" export --to jsn small.svz
	refuses export_formats "'pdf' is no format - give perfetto, html, svg, csv or json" export --to pdf small.svz
	refuses export_two_formats "one format at a time - 'csv' is the second" export --to json --to csv small.svz
	refuses export_no_table "csv has no table 'cpus' - give spans, wakes or jobs" \
		export --to csv --table cpus small.svz
	refuses export_one_table "json has no tables to choose from - leave out --table" \
		export --to json --table spans small.svz
	fails export_not_several_to_stdout 1 \
		"csv makes several files: they cannot all go to standard output - give --table NAME" \
		export --to csv -o - small.svz
	fails export_full_disk 1 "cannot write '/dev/full': No space left on device" \
		export --to json -o /dev/full small.svz
	fails export_no_directory 1 \
		"cannot create 'none/x.jsonl': No such file or directory - give another name or directory" \
		export --to json -o none/x.jsonl small.svz
	printf 'schedviz-text 1\ncpus 1501\n1ms cpu1500 current idle\n2ms end\n' >wide.txt
	fails export_perfetto_has_too_few_cpus 1 "Perfetto knows CPUs 0 to 1023 only, and there is a CPU 1500" \
		export --to perfetto wide.txt
	fails export_nobody 1 "no task matches 'nobody' - 'schedviz stat --all' lists them" \
		export --to json --tasks nobody small.svz

	"$here/figure.py" 40 1700 2000 >hard.txt
	"$schedviz" export --to svg --width 2000 -o hard.svg hard.txt
	bytes=$(wc -c <hard.svg)
	if ((bytes > 500000 && bytes < 2000000)); then
		pass export_svg_of_the_hardest_is_small
	else
		fail export_svg_of_the_hardest_is_small "$bytes bytes"
	fi

	printf '%s\n' 'schedviz-text 1' 'cpus 1' 'fact command <script>"&' '0ms cpu0 task <img&">/10 state R on 0' \
		'0ms cpu0 current <img&">/10' '9ms end' >markup.txt
	"$schedviz" export --to svg -o markup.svg markup.txt
	same export_svg_escapes "$(grep -oE '&lt;(img|script)[^ <]*|<(img|script)' markup.svg | tr '\n' ' ')" \
		'&lt;script&gt;&quot;&amp; &lt;img&amp;&quot;&gt; '
	same export_html_escapes "$("$schedviz" export --to html -o - markup.txt | grep -o '<title>.*</title>')" \
		'<title>&lt;script&gt;&quot;&amp; - schedviz</title>'
	"$schedviz" export --to csv small.svz && "$schedviz" export --to json --gzip small.svz
	same export_names_files_itself "$(echo small-*.csv small.jsonl*)" \
		'small-jobs.csv small-spans.csv small-wakes.csv small.jsonl.gz'
	"$schedviz" export --to json -o again.jsonl small.svz
	same export_compresses_the_same "$(gzip -dc small.jsonl.gz | cksum)" "$(cksum <again.jsonl)"
	"$schedviz" export --to json --gzip -o again.gz small.svz
	same export_twice_is_the_same "$(cksum <again.gz)" "$(cksum <small.jsonl.gz)"
	lines=$(tail -n 1 again.jsonl)
	has export_ends "$lines" '^\{"type":"end","spans":[1-9]'
	same export_window_by_time "$("$schedviz" export --to json --to 1us -o - small.svz | head -n 1 |
		grep -o '"window_to_ns":[0-9]*')" '"window_to_ns":1000'
	rm -f small-*.csv small.jsonl.gz again.*
}

usage_errors
workload_errors
exports
no_arguments
help_pages
help_of_workloads
checks
explains
compares
widths
writing
strangers_names
colours
if command -v script >/dev/null; then
	colours_on_terminals
	pager
else
	skip terminals 'no script(1) here to make one'
fi
manual
completion
exit $failed
