/* SPDX-License-Identifier: GPL-2.0-only */
/* manual.c - schedviz(1): the tables of commands, options and workloads, and what stands around them. */
#include <ctype.h>
#include <string.h>

#include "cmd/frame.h"
#include "cmd/roff.h"

static const char description[] =
	"schedviz watches the Linux scheduler with eBPF while a workload runs and then shows where every nanosecond of "
	"every task went: running on which CPU, waiting for a CPU behind whom, asleep in which system call and woken "
	"by whom. The workload is one of its own small experiments with process and thread pools, any command, a "
	"running process, or the whole machine.\n"
	"\n"
	"Recording needs privilege and a kernel with BTF; 'schedviz doctor' says what this machine can do and how to "
	"get what it cannot. Looking at a recording needs neither: the commands that read a TRACE work for anyone, on "
	"any machine.\n"
	"\n"
	"Options follow the command's name and may stand before, between and behind its other arguments, except that "
	"those of 'schedviz record' end where the command to be recorded begins. An argument -- ends the options.\n"
	"\n"
	"A TIME is a number with a unit, such as 2s, 1.5s, 150ms, 20us, 7ns, 2m or 1h; without one it is in seconds. A "
	"SIZE is a number of bytes, or of units of 1024 as in 64K, 4M or 1G. A window FROM..TO begins at FROM and ends "
	"before TO; either may be left out. What stands in parentheses at the end of an option's explanation is its "
	"value when it is not given.";

static const struct help_pair statuses[] = {
	{ "0", "All went well. A reader that stops reading, such as head(1) or a pager that is left, is no failure." },
	{ "1", "It failed; one sentence on standard error says why." },
	{ "2", "The command line was wrong; nothing was done." },
	{ "3", "The recording is damaged, was cut short or lost events, and the command was told to be strict." },
	{ "77", "This machine or this user cannot do it; 'schedviz doctor' tells more." },
	{ NULL, NULL },
};

static const char status_of_command[] =
	"'schedviz record' that ran a command exits as that command did; a command ended by a signal gives 128 and the "
	"signal's number, as in the shell.";

static const struct help_pair variables[] = {
	{ "SCHEDVIZ_PAGER, PAGER",
	  "The pager for output that does not fit the terminal, a shell command. The first that is set counts; empty "
	  "or cat means none. Without either it is less -FRX." },
	{ "NO_COLOR", "When set and not empty, no colours are used unless --color asks for them." },
	{ "COLUMNS, LINES",
	  "The size to draw for. Without them it is the terminal's, or 80 columns when the output is no terminal." },
	{ "LC_ALL, LC_CTYPE, LANG",
	  "The first that is set and not empty decides whether the output may be UTF-8; otherwise it is ASCII." },
	{ "TERM, COLORTERM", "How many colours the terminal has. One that is dumb or has no type gets none." },
	{ NULL, NULL },
};

static const struct help_pair files[] = {
	{ CMD_TRACE_DEFAULT,
	  "The recording that is written, in the current directory, and read when no other is named." },
	{ CMD_TRACE_DEFAULT ".old", "The recording that was there before." },
	{ "/sys/kernel/btf/vmlinux", "The kernel's description of its own types, which recording needs." },
	{ NULL, NULL },
};

static const char notes[] =
	"Names of tasks and files come from strangers. What could command a terminal in them is shown as \\xNN.\n"
	"\n"
	"What was not seen is not guessed: events that were lost are counted, said, and drawn as unknown.\n"
	"\n"
	"This program has nothing to do with Google's SchedViz, a viewer of scheduler traces in a browser, but for the "
	"name.";

static void put_pairs(struct buf *out, const char *title, const struct help_pair *pairs)
{
	roff_section(out, title);
	for (; pairs->left; pairs++)
		roff_tagged(out, pairs->left, pairs->right);
}

static void put_head(struct buf *out)
{
	buf_puts(out, ".\\\" Made from the program's tables by: schedviz help --manual\n");
	buf_puts(out, ".TH SCHEDVIZ 1 \"\" \"schedviz " SCHEDVIZ_VERSION "\" \"User Commands\"\n");
	roff_section(out, "NAME");
	buf_printf(out, "schedviz \\- %s\n", help_tagline);
}

static void put_synopsis(struct buf *out)
{
	roff_section(out, "SYNOPSIS");
	for (const struct cmd *const *c = commands; *c; c++) {
		if (c != commands)
			buf_puts(out, ".br\n");
		roff_synopsis(out, (*c)->name, (*c)->args);
	}
	buf_puts(out, ".br\n");
	roff_bold_line(out, "schedviz --version");
}

/* A summary begins in lower case and has no full stop, to stand behind a name; here it is a sentence. */
static void put_summary(struct buf *out, const char *summary)
{
	struct buf sentence = { 0 };

	buf_printf(&sentence, "%s.", summary);
	sentence.data[0] = (char)toupper((unsigned char)sentence.data[0]);
	roff_text(out, buf_str(&sentence), sentence.len);
	buf_release(&sentence);
}

static void put_commands(struct buf *out)
{
	roff_section(out, "COMMANDS");
	for (const struct cmd *const *c = commands; *c; c++) {
		roff_subsection(out, (*c)->name);
		roff_synopsis(out, (*c)->name, (*c)->args);
		buf_puts(out, ".PP\n");
		put_summary(out, (*c)->summary);
		if ((*c)->detail)
			roff_paragraphs(out, (*c)->detail);
		roff_options(out, (*c)->opts);
	}
}

static void put_workloads(struct buf *out)
{
	roff_section(out, "WORKLOADS");
	for (const struct workload *const *w = workloads; *w; w++) {
		roff_subsection(out, (*w)->name);
		put_summary(out, (*w)->summary);
		roff_paragraphs(out, (*w)->lesson);
		roff_example(out, (*w)->example, strlen((*w)->example));
		roff_options(out, (*w)->opts);
	}
}

void manual_write(struct buf *out)
{
	put_head(out);
	put_synopsis(out);
	roff_section(out, "DESCRIPTION");
	roff_paragraphs(out, description);
	put_commands(out);
	put_workloads(out);
	roff_section(out, "OPTIONS OF EVERY COMMAND");
	roff_options(out, common_opts);
	put_pairs(out, "EXIT STATUS", statuses);
	roff_paragraphs(out, status_of_command);
	put_pairs(out, "ENVIRONMENT", variables);
	put_pairs(out, "FILES", files);
	put_pairs(out, "EXAMPLES", help_examples);
	roff_section(out, "NOTES");
	roff_paragraphs(out, notes);
	roff_section(out, "SEE ALSO");
	roff_paragraphs(out, "perf-sched(1), bpftrace(8), sched(7), capabilities(7)");
}
