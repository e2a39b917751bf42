/* SPDX-License-Identifier: GPL-2.0-only */
/* common.c - the options every command has, and which tables a command's line may use. */
#include <errno.h>
#include <string.h>
#include "base/vec.h"
#include "cmd/frame.h"

static const char *const color_names[] = { "auto", "always", "never", NULL };

const struct opt common_opts[] = {
	OPT_CHOICE(0, "color", struct common_cfg, color, color_names, "WHEN",
		   "use colours: always, never, or auto (on a terminal, unless NO_COLOR is set)"),
	OPT_FLAG(0, "ascii", struct common_cfg, ascii, "draw with ASCII characters only"),
	OPT_FLAG(0, "no-pager", struct common_cfg, no_pager, "do not show long output through a pager"),
	OPT_FLAG('v', "verbose", struct common_cfg, verbose, "say on standard error what is being done"),
	OPT_FLAG('h', "help", struct common_cfg, help, "explain the command and its options"),
	OPT_END
};

const struct opt program_opts[] = {
	OPT_FLAG(0, "version", struct common_cfg, version, "print the version"),
	OPT_END
};

size_t frame_groups(struct opt_group *out, const struct cmd *cmd, void *cfg, const struct workload *w,
		    struct workload_cfg *knobs, struct common_cfg *common)
{
	size_t nr = 0;

	if (w && w->opts)
		out[nr++] = (struct opt_group){ "Options of the workload", w->opts, knobs };
	if (cmd->opts)
		out[nr++] = (struct opt_group){ "Options", cmd->opts, cfg };
	out[nr++] = (struct opt_group){ "Options of every command", common_opts, common };
	return nr;
}

int frame_find_workload(const struct cmd *cmd, int argc, char **argv, struct err *e)
{
	struct opt_group own[FRAME_MAX_GROUPS];
	size_t nr = frame_groups(own, cmd, NULL, NULL, NULL, NULL);
	VEC(struct opt_group) groups = { 0 };
	int at;

	for (size_t i = 0; i < nr; i++)
		*vec_push(&groups) = own[i];
	/* which workload it is is not known yet, so the options of all of them are skipped */
	for (const struct workload *const *w = workloads; *w; w++)
		if ((*w)->opts)
			*vec_push(&groups) = (struct opt_group){ .opts = (*w)->opts };
	at = opt_find_word(groups.v, groups.n, argc, argv, e);
	vec_release(&groups);
	return at;
}

int frame_unknown_command(const char *word, struct err *e)
{
	VEC(const char *) names = { 0 };
	const char *near;

	for (const struct cmd *const *c = commands; *c; c++)
		*vec_push(&names) = (*c)->name;
	*vec_push(&names) = NULL;
	near = fmt_nearest(word, names.v);
	vec_release(&names);
	if (workload_find(word))
		err_set(e, -EINVAL, "'%s' is a workload, not a command - did you mean 'run %s'?", word, word);
	else if (near)
		err_set(e, -EINVAL, "unknown command '%s' - did you mean '%s'?", word, near);
	else
		err_set(e, -EINVAL, "unknown command '%s' - 'schedviz help' shows them all", word);
	return EXIT_USAGE;
}

int frame_unknown_workload(const char *word, struct err *e)
{
	VEC(const char *) names = { 0 };
	const char *near;

	for (const struct workload *const *w = workloads; *w; w++)
		*vec_push(&names) = (*w)->name;
	*vec_push(&names) = NULL;
	near = fmt_nearest(word, names.v);
	vec_release(&names);
	if (near)
		err_set(e, -EINVAL, "no workload '%s' - did you mean '%s'?", word, near);
	else
		err_set(e, -EINVAL, "no workload '%s' - 'schedviz list' shows them all", word);
	return EXIT_USAGE;
}

char *cmd_path_with(const char *path, const char *add)
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
	size_t stem = dot ? (size_t)(dot - path) : strlen(path);
	struct buf name = { 0 };

	buf_put(&name, path, stem);
	buf_printf(&name, "%s%s", add, path + stem);
	return name.data;
}
