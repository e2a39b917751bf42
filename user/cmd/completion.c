/* SPDX-License-Identifier: GPL-2.0-only */
/* completion.c - the bash completion: a fixed function around lists made from the tables. */
#include <string.h>

#include "cmd/frame.h"

static const char head[] =
	"# bash completion for schedviz, made from the program's tables by: schedviz help --completion\n"
	"\n"
	"_schedviz_fill() # compgen's arguments\n"
	"{\n"
	"\tmapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n"
	"}\n"
	"\n"
	"_schedviz_traces()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\tmapfile -t COMPREPLY < <(compgen -f -X '!*.svz' -- \"$cur\"; compgen -d -- \"$cur\")\n"
	"}\n"
	"\n"
	"_schedviz_files()\n"
	"{\n"
	"\tcompopt -o filenames 2>/dev/null\n"
	"\t_schedviz_fill -f\n"
	"}\n"
	"\n"
	"_schedviz_pids()\n"
	"{\n"
	"\t_schedviz_fill -W \"$(cd /proc && echo [0-9]*)\"\n"
	"}\n"
	"\n"
	"# What is recorded completes as if it stood alone.\n"
	"_schedviz_program() # index of its first word\n"
	"{\n"
	"\tif declare -F _command_offset >/dev/null; then\n"
	"\t\t_command_offset \"$1\"\n"
	"\telif ((COMP_CWORD == $1)); then\n"
	"\t\t_schedviz_fill -c\n"
	"\telse\n"
	"\t\t_schedviz_files\n"
	"\tfi\n"
	"}\n"
	"\n"
	"_schedviz()\n"
	"{\n";

static const char middle[] =
	"\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	"\tlocal command='' workload='' options='' program=0 word i\n"
	"\n"
	"\t# bash hands over --name=value as three words\n"
	"\tif [[ $cur == = ]]; then\n"
	"\t\tcur=\n"
	"\telif [[ $prev == = ]]; then\n"
	"\t\tprev=${COMP_WORDS[COMP_CWORD - 2]}\n"
	"\tfi\n"
	"\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
	"\t\tword=${COMP_WORDS[i]}\n"
	"\t\tif [[ ! $command ]]; then\n"
	"\t\t\t[[ \" $commands \" == *\" $word \"* ]] && command=$word\n"
	"\t\telif [[ $word == -- ]]; then\n"
	"\t\t\tprogram=$((i + 1))\n"
	"\t\t\tbreak\n"
	"\t\telif [[ ! $workload && \" $workloads \" == *\" $word \"* ]]; then\n"
	"\t\t\tworkload=$word\n"
	"\t\tfi\n"
	"\tdone\n"
	"\n";

static const char tail[] =
	"\tif [[ $cur == -* ]]; then\n"
	"\t\t_schedviz_fill -W \"$options\"\n"
	"\t\treturn\n"
	"\tfi\n";

static const char end[] =
	"}\n"
	"complete -F _schedviz schedviz\n";

/* How the value of an option is completed, by what its argument is called. */
static const struct help_pair values[] = {
	{ "FILE", "_schedviz_files" },
	{ "TRACE", "_schedviz_traces" },
	{ "PID", "_schedviz_pids" },
	{ "USER", "_schedviz_fill -u" },
	{ "COMMAND", "_schedviz_fill -c" },
	{ NULL, NULL },
};

static void put_action(struct buf *out, const struct opt *o)
{
	const struct help_pair *v = values;

	if (o->choices) {
		buf_puts(out, "_schedviz_fill -W '");
		for (size_t i = 0; o->choices[i]; i++)
			buf_printf(out, "%s%s", i ? " " : "", o->choices[i]);
		buf_puts(out, "'; ");
		return;
	}
	while (v->left && (!o->arg || strcmp(v->left, o->arg)))
		v++;
	if (v->left)
		buf_printf(out, "%s; ", v->right);
}

/* One arm per option that takes a value; `of` is a pattern of "command/workload". */
static void put_values(struct buf *out, const char *of, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->type != OPT_T_END; o++) {
		if (!o->help || !opt_takes_value(o))
			continue;
		buf_printf(out, "\t%s:--%s", of, o->name);
		if (o->letter)
			buf_printf(out, " | %s:-%c", of, o->letter);
		buf_puts(out, ") ");
		put_action(out, o);
		buf_puts(out, "return ;;\n");
	}
}

static void put_names(struct buf *out, const struct opt *opts)
{
	for (const struct opt *o = opts; o && o->type != OPT_T_END; o++)
		if (o->help)
			buf_printf(out, " --%s", o->name);
}

static void put_options_of(struct buf *out, const struct cmd *cmd, const struct workload *w)
{
	struct opt_group groups[FRAME_MAX_GROUPS];
	size_t nr = frame_groups(groups, cmd, NULL, w, NULL, NULL);

	buf_printf(out, "\t%s/%s) options='", cmd->name, w ? w->name : "*");
	for (size_t g = 0; g < nr; g++)
		put_names(out, groups[g].opts);
	buf_puts(out, "' ;;\n");
}

/* Both lists of arms go from the particular to the general: the first that fits is taken. */
static void put_arms(struct buf *out, void (*arm)(struct buf *out, const struct cmd *cmd, const struct workload *w))
{
	for (const struct cmd *const *c = commands; *c; c++) {
		for (const struct workload *const *w = workloads; (*c)->flags & CMD_WORKLOAD && *w; w++)
			arm(out, *c, *w);
		arm(out, *c, NULL);
	}
}

static void put_values_of(struct buf *out, const struct cmd *cmd, const struct workload *w)
{
	struct buf of = { 0 };

	buf_printf(&of, "%s/%s", cmd->name, w ? w->name : "*");
	put_values(out, buf_str(&of), w ? w->opts : cmd->opts);
	buf_release(&of);
}

/* What a word that is no option can be. */
static void put_words(struct buf *out)
{
	buf_puts(out, "\tcase $command/$workload in\n\t/*) _schedviz_fill -W \"$commands\" ;;\n");
	for (const struct cmd *const *c = commands; *c; c++) {
		if ((*c)->flags & CMD_WORKLOAD)
			buf_printf(out, "\t%s/) _schedviz_fill -W \"$workloads\" ;;\n", (*c)->name);
		else if ((*c)->args && strstr((*c)->args, "TRACE"))
			buf_printf(out, "\t%s/*) _schedviz_traces ;;\n", (*c)->name);
		else if ((*c)->flags & CMD_WORDS)
			buf_printf(out, "\t%s/*) _schedviz_fill -c ;;\n", (*c)->name);
		else if (*c == &cmd_help)
			buf_printf(out, "\t%s/*) _schedviz_fill -W \"$commands $workloads\" ;;\n", (*c)->name);
	}
	buf_puts(out, "\tesac\n");
}

static void put_lists(struct buf *out)
{
	buf_puts(out, "\tlocal commands='");
	for (const struct cmd *const *c = commands; *c; c++)
		buf_printf(out, "%s%s", c == commands ? "" : " ", (*c)->name);
	buf_puts(out, "'\n\tlocal workloads='");
	for (const struct workload *const *w = workloads; *w; w++)
		buf_printf(out, "%s%s", w == workloads ? "" : " ", (*w)->name);
	buf_puts(out, "'\n");
}

void completion_write(struct buf *out)
{
	buf_puts(out, head);
	put_lists(out);
	buf_puts(out, middle);
	buf_puts(out, "\tif ((program)); then\n\t\t_schedviz_program $program\n\t\treturn\n\tfi\n");
	buf_puts(out, "\tcase $command/$workload:$prev in\n");
	put_arms(out, put_values_of);
	put_values(out, "*", common_opts);
	buf_puts(out, "\tesac\n\tcase $command/$workload in\n");
	put_arms(out, put_options_of);
	buf_puts(out, "\t*) options='");
	put_names(out, program_opts);
	put_names(out, common_opts);
	buf_puts(out, "' ;;\n\tesac\n");
	buf_puts(out, tail);
	put_words(out);
	buf_puts(out, end);
}
