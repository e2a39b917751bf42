/* SPDX-License-Identifier: GPL-2.0-only */
/* dump.c - `schedviz dump`: one line per event, which the other commands read as well. */
#include <inttypes.h>
#include "cmd/views.h"
#include "trace/text.h"

struct dump_cfg {
	struct view_cfg view;
	bool numbers;
};

static const struct opt dump_opts[] = { VIEW_WINDOW_OPTS(struct dump_cfg), VIEW_TASKS_OPT(struct dump_cfg),
					OPT_FLAG('n', "numbers", struct dump_cfg, numbers,
						 "before each event its number, as `explain` gives them"),
					VIEW_STRICT_OPT(struct dump_cfg), OPT_END };

static void dump_defaults(void *cfg)
{
	view_defaults(&((struct dump_cfg *)cfg)->view);
}

#define DUMP_PIECE_BYTES (256u << 10) /* written at once: whatever the recording's length, no more is held */

struct dump {
	struct cmd_ctx *ctx;
	struct view v;
	struct text_writer text;
	struct idmap wanted; /* tids; used when there is a filter */
	bool filtered, numbers;
};

/* Events speak of tids, the filter of names: let through every tid that a matching task ever had. An exit code. */
static int find_wanted(struct dump *d, const char *tasks, struct err *e)
{
	struct task_filter filter = { tasks };
	struct model *m = NULL;
	int ret;

	if (!d->filtered)
		return EXIT_FINE;
	if (model_build(&m, d->v.reader, NULL, 0, e) < 0)
		return EXIT_FAILED;
	for (uint32_t i = 0; i < model_nr_tasks(m); i++) {
		const struct task *t = model_task(m, (task_id){ i });

		if (task_filter_match(&filter, t))
			idmap_set(&d->wanted, t->tid, 1);
	}
	ret = view_check_tasks(m, tasks, e);
	model_free(m);
	return ret;
}

/* Does the event speak of a wanted task, in any role? What is about a CPU is always let through. */
static bool want_event(const struct dump *d, const struct event *ev)
{
	uint32_t tids[EVENT_MAX_TIDS];
	unsigned n = event_tids(ev, tids);

	if (ev->kind == EV_LOST || ev->kind == EV_CPU)
		return true;
	while (n)
		if (idmap_get(&d->wanted, tids[--n]) != IDMAP_NONE)
			return true;
	return false;
}

/* Write the events of the window. The writer learns names from all events, so those before it pass through it, too. */
static int dump_events(struct dump *d)
{
	const struct event *ev;
	struct buf unseen = { 0 };
	uint64_t nr = 0;
	int ret = 0;

	text_begin(&d->text, trace_reader_facts(d->v.reader), &d->ctx->out);
	trace_reader_rewind(d->v.reader);
	while (ret >= 0 && (ev = trace_reader_next(d->v.reader)) && ev->ts_ns <= d->v.window.to_ns) {
		bool shown = ev->ts_ns >= d->v.window.from_ns && (!d->filtered || want_event(d, ev));

		nr++;
		if (shown && d->numbers)
			buf_printf(&d->ctx->out, "%8" PRIu64 "  ", nr);
		buf_reset(&unseen);
		text_event(&d->text, ev, shown ? &d->ctx->out : &unseen);
		if (d->ctx->out.len >= DUMP_PIECE_BYTES)
			ret = cmd_flush(d->ctx);
	}
	if (ret >= 0)
		text_end(&d->text, d->v.window.to_ns, &d->ctx->out);
	buf_release(&unseen);
	return ret;
}

/* Only what was read so far is known to be sound: with a window that ends early that is all that was looked at. */
static int verdict(const struct dump *d, bool strict, struct err *e)
{
	struct model *m = NULL;
	int ret = EXIT_FAILED;

	if (!strict)
		return EXIT_FINE;
	if (model_build(&m, d->v.reader, NULL, 0, e) >= 0)
		ret = view_verdict(&d->v, m, strict);
	model_free(m);
	return ret;
}

static int dump_run(struct cmd_ctx *ctx, void *arg)
{
	const struct dump_cfg *cfg = arg;
	const char *path = cmd_trace_word(ctx);
	struct dump d = { .ctx = ctx, .filtered = cfg->view.tasks && *cfg->view.tasks, .numbers = cfg->numbers };
	int ret;

	if (!path)
		return EXIT_USAGE;
	ret = view_open(&d.v, path, &cfg->view, &ctx->err);
	if (ret == EXIT_FINE)
		ret = find_wanted(&d, cfg->view.tasks, &ctx->err);
	if (ret == EXIT_FINE && dump_events(&d) >= 0)
		ret = verdict(&d, cfg->view.strict, &ctx->err);
	text_writer_release(&d.text);
	idmap_release(&d.wanted);
	view_close(&d.v);
	return ret;
}

const struct cmd cmd_dump = {
	.name = "dump",
	.args = "[TRACE]",
	.summary = "write a recording as text, one line per event",
	.detail = "The lines are stable and readable back: whatever reads a recording reads them, too, so that a "
		  "recording can be cut down, edited or written by hand. Times count from the start of the "
		  "recording, in seconds with nine decimals. With --tasks only the events that speak of one of them, "
		  "in any role, are written. With --numbers each line begins with the number of its event, by which "
		  "`explain` cites its evidence; such lines are for people.\n"
		  "\n"
		  "  schedviz dump | grep waking\n"
		  "  schedviz dump > f.txt; schedviz show f.txt",
	.flags = CMD_PAGER,
	.opts = dump_opts,
	.cfg_size = sizeof(struct dump_cfg),
	.defaults = dump_defaults,
	.run = dump_run,
};
