/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * record.c - `schedviz record`: any command, a running process, or the machine, into a file.
 */
#include "cmd/record.h"

#include <errno.h>
#include <string.h>

#include "capture/capture.h"
#include "cmd/export.h"
#include "cmd/frame.h"

struct record_cfg {
	struct recording_cfg r;
	const char *user;
	uint64_t pid, duration_ns;
	bool machine;
};

void recording_defaults(struct recording_cfg *cfg)
{
	cfg->output = CMD_TRACE_DEFAULT;
}

void recording_command(struct facts *facts, int argc, char **argv)
{
	struct buf line = { 0 };

	frame_quote(&line, argc, argv);
	facts_set(facts, "command", buf_str(&line));
	buf_release(&line);
}

static void say_result(const struct cmd_ctx *ctx, const struct recording_cfg *cfg, const struct session_result *r)
{
	struct buf line = { 0 };

	fmt_count(&line, r->events);
	buf_puts(&line, " events in ");
	fmt_duration(&line, r->wall_ns, ctx->style.utf8);
	buf_puts(&line, ", ");
	fmt_bytes(&line, r->bytes);
	cmd_say(ctx, "%s in %s", buf_str(&line), strcmp(cfg->output, "-") ? cfg->output : "standard output");
	if (r->lost) {
		buf_reset(&line);
		fmt_count(&line, r->lost);
		cmd_say(ctx, "%s events were lost because the rings were full - give a larger --buffer",
			buf_str(&line));
	}
	buf_release(&line);
}

/* What went wrong decides the exit code: a machine or user that cannot record is told from a failure. */
static int code_of(int ret)
{
	return ret == -EPERM || ret == -ENOTSUP ? EXIT_CANNOT : EXIT_FAILED;
}

int recording_run(struct cmd_ctx *ctx, const struct recording_cfg *cfg, struct session_cfg *session)
{
	struct session_result result;
	int ret;

	if (export_list_check(&cfg->exports, cfg->output, &ctx->err) < 0)
		return EXIT_USAGE;
	session->output = cfg->output;
	session->ring_bytes = cfg->ring_bytes;
	session->only_target = cfg->only_target;
	ret = session_record(session, &result, &ctx->err);
	if (ret < 0)
		return code_of(ret);
	say_result(ctx, cfg, &result);
	ret = export_list_make(ctx, &cfg->exports, cfg->output);
	return ret ? ret : result.exit_code;
}

static int usage(struct cmd_ctx *ctx, const char *sentence)
{
	err_set(&ctx->err, -EINVAL, "%s", sentence);
	return EXIT_USAGE;
}

/* One thing is recorded: a command, a process or the machine; the machine also while a command runs. */
static int check(struct cmd_ctx *ctx, const struct record_cfg *cfg)
{
	if (cfg->pid && (ctx->argc || cfg->machine))
		return usage(ctx, "--pid records a process that runs: give no command and not --all-cpus with it");
	if (!ctx->argc && !cfg->pid && !cfg->machine)
		return usage(ctx, "nothing to record - give a command, --pid PID, or --all-cpus for the machine");
	if (cfg->machine && cfg->r.only_target)
		return usage(ctx, "--all-cpus records everything, --only-target one program: choose one");
	if (cfg->user && !ctx->argc)
		return usage(ctx, "--user says whom the command runs as, but there is no command");
	return EXIT_FINE;
}

static int run(struct cmd_ctx *ctx, void *opaque)
{
	const struct record_cfg *cfg = opaque;
	struct session_cfg session = {
		.argv = ctx->argc ? ctx->argv : NULL,
		.pid = (uint32_t)cfg->pid,
		.machine = cfg->machine,
		.duration_ns = cfg->duration_ns,
	};
	int code = check(ctx, cfg);

	if (code)
		return code;
	identity_self(&session.child);
	if (cfg->user && identity_named(&session.child, cfg->user, &ctx->err) < 0)
		return EXIT_FAILED;
	if (ctx->argc)
		recording_command(&session.facts, ctx->argc, ctx->argv);
	code = recording_run(ctx, &cfg->r, &session);
	facts_release(&session.facts);
	return code;
}

static void defaults(void *cfg)
{
	recording_defaults(&((struct record_cfg *)cfg)->r);
}

static const struct opt opts[] = { RECORDING_OPTS(struct record_cfg, r),
				   OPT_U64('p', "pid", struct record_cfg, pid, 1, UINT32_MAX, "PID",
					   "record a process that runs, with its threads and what it starts"),
				   OPT_FLAG('a', "all-cpus", struct record_cfg, machine,
					    "record the machine, until --duration, a command's end or Ctrl-C"),
				   OPT_DURATION('d', "duration", struct record_cfg, duration_ns, 1, UINT64_MAX,
						"stop after TIME, as 5s or 150ms; a command that still runs is ended"),
				   OPT_STRING('u', "user", struct record_cfg, user, "USER", "run the command as USER"),
				   OPT_END };

const struct cmd cmd_record = {
	.name = "record",
	.args = "[--] COMMAND [ARG...]",
	.summary = "record a command, a process or the machine into a file",
	.detail =
		"The command begins only when everything is attached: not one event of it is missed. What else runs on "
		"the "
		"machine is recorded too, because \"who ran instead?\" is half of every answer. The exit status is the "
		"command's. Ctrl-C ends the recording and keeps the file.\n\n"
		"Recording needs root, or CAP_BPF and CAP_PERFMON. Once the programs are attached schedviz gives up "
		"every "
		"privilege and, under sudo, becomes the calling user before it creates a file; a command runs with the "
		"privileges that schedviz was called with, unless --user says otherwise.\n\n"
		"  sudo schedviz record -- make -j4\n"
		"  sudo schedviz record -p 1234 -d 10s\n"
		"  sudo schedviz record -a -d 5s -o machine.svz",
	.flags = CMD_BPF | CMD_WORDS,
	.opts = opts,
	.cfg_size = sizeof(struct record_cfg),
	.defaults = defaults,
	.run = run,
};
