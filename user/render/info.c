/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * info.c - the text of `info`.
 */
#include "render/info.h"

#include <string.h>
#include "base/fmt.h"
#include "base/json.h"
#include "render/frame.h"
#include "render/words.h"

#define NAME_COLUMNS 12u

static const char *const event_names[EV_KINDS] = {
	[EV_TASK] = "task",	    [EV_FORK] = "fork",	  [EV_EXEC] = "exec",	    [EV_RENAME] = "rename",
	[EV_MARK] = "mark",	    [EV_CPU] = "cpu",	  [EV_LOST] = "lost",	    [EV_CURRENT] = "current",
	[EV_WAKING] = "waking",	    [EV_WAKEUP_NEW] = "wakeup_new", [EV_MIGRATE] = "migrate", [EV_SWITCH] = "switch",
	[EV_EXIT] = "exit",	    [EV_ALLOWED] = "allowed",
};

/* Where a page's lines go: a name on the left, text wrapped beside it. */
struct page {
	const struct info *i;
	const struct facts *facts;
	const struct style *st;
	struct buf *out;
	struct buf line; /* being composed */
};

static void end_item(struct page *p, const char *name)
{
	if (p->line.len == 0)
		return;
	style_cell(p->st, INK_HEAD, name, NAME_COLUMNS, false, p->out);
	buf_puts(p->out, "  ");
	fmt_wrap(p->out, p->line.data, NAME_COLUMNS + 2, NAME_COLUMNS + 2, p->st->columns);
	buf_reset(&p->line);
}

static bool put_fact(struct page *p, const char *before, const char *key, const char *after)
{
	const char *v = facts_get(p->facts, key);

	if (!v)
		return false;
	buf_puts(&p->line, before);
	fmt_safe(&p->line, v, strlen(v), p->st->utf8);
	buf_puts(&p->line, after);
	return true;
}

static bool put_duration_fact(struct page *p, const char *before, const char *key, const char *after)
{
	uint64_t ns = facts_u64(p->facts, key, UINT64_MAX);

	if (ns == UINT64_MAX)
		return false;
	buf_puts(&p->line, before);
	fmt_duration(&p->line, ns, p->st->utf8);
	buf_puts(&p->line, after);
	return true;
}

static void put_count(struct page *p, uint64_t n, const char *what)
{
	fmt_count(&p->line, n);
	buf_printf(&p->line, " %s%s", what, plural(n));
}

/* ---- what was recorded ---- */

static void put_recording(struct page *p)
{
	struct window w = model_window(p->i->model);

	fmt_safe(&p->line, p->i->path, strlen(p->i->path), p->st->utf8);
	buf_puts(&p->line, ", ");
	fmt_bytes(&p->line, trace_reader_size(p->i->reader));
	end_item(p, "file");
	put_fact(p, "", "command", "");
	end_item(p, "command");
	put_fact(p, "", "workload", "");
	end_item(p, "workload");
	fmt_duration(&p->line, w.to_ns - w.from_ns, p->st->utf8);
	buf_puts(&p->line, ", ");
	put_count(p, model_nr_tasks(p->i->model), "task");
	end_item(p, "span");
	if (put_fact(p, "", "mode", "") && facts_get(p->facts, "target.tid"))
		put_fact(p, ", the tree of ", "target.tid", "");
	end_item(p, "recorded");
}

static void put_machine(struct page *p)
{
	const char *online = facts_get(p->facts, "cpu.online"), *possible = facts_get(p->facts, "cpu.possible");

	put_fact(p, "", "host", ", ");
	put_fact(p, "Linux ", "kernel.release", "");
	put_fact(p, p->line.len ? " on " : "", "arch", "");
	put_fact(p, ", CPUs ", "cpu.online", "");
	if (online && possible && strcmp(online, possible))
		put_fact(p, " of ", "cpu.possible", "");
	end_item(p, "machine");
	put_fact(p, "schedviz ", "schedviz.version", "");
	end_item(p, "recorder");
}

/* ---- events and losses ---- */

static void put_events(struct page *p)
{
	uint64_t total = 0, bytes = facts_u64(p->facts, "receipt.bytes", trace_reader_size(p->i->reader));

	for (int k = EV_NONE + 1; k < EV_KINDS; k++)
		total += model_events(p->i->model, (enum event_kind)k);
	put_count(p, total, "event");
	if (total)
		buf_printf(&p->line, ", %.1f bytes each", (double)bytes / (double)total);
	for (int k = EV_NONE + 1; k < EV_KINDS; k++) {
		uint64_t n = model_events(p->i->model, (enum event_kind)k);

		if (!n)
			continue;
		buf_puts(&p->line, total ? ": " : ", ");
		total = 0;
		fmt_count(&p->line, n);
		buf_printf(&p->line, " %s", event_names[k]);
	}
	end_item(p, "events");
}

/* Facts whose key begins with `prefix`: hands the rest of the key and the value to `put`. */
static void each_fact(struct page *p, const char *prefix,
		      void (*put)(struct page *p, const char *rest, const char *value))
{
	size_t n = strlen(prefix);

	for (size_t i = 0; i < p->facts->n; i++)
		if (!strncmp(p->facts->v[i].key, prefix, n))
			put(p, p->facts->v[i].key + n, p->facts->v[i].value);
}

static void put_lost_cpu(struct page *p, const char *cpu, const char *value)
{
	if (!strcmp(value, "0"))
		return;
	buf_puts(&p->line, p->line.len ? ", " : "");
	fmt_safe(&p->line, value, strlen(value), p->st->utf8);
	buf_puts(&p->line, " on CPU ");
	fmt_safe(&p->line, cpu, strlen(cpu), p->st->utf8);
}

static void put_losses(struct page *p)
{
	each_fact(p, "receipt.lost.", put_lost_cpu);
	if (facts_u64(p->facts, "receipt.lost_rare", 0))
		put_fact(p, p->line.len ? ", " : "", "receipt.lost_rare", " rare events");
	if (facts_u64(p->facts, "receipt.lost_marks", 0))
		put_fact(p, p->line.len ? ", " : "", "receipt.lost_marks", " marks");
	if (facts_u64(p->facts, "receipt.lost_allowed", 0))
		put_fact(p, p->line.len ? ", " : "", "receipt.lost_allowed", " changes of affinity");
	if (p->line.len == 0)
		buf_puts(&p->line, model_health(p->i->model)->lost_events ? "see below" : "none");
	end_item(p, "lost");
}

/* ---- what it cost ---- */

static void put_bpf_cost(struct page *p)
{
	uint64_t per_run = facts_u64(p->facts, "receipt.bpf_ns_per_run", UINT64_MAX), runs = 0;

	if (per_run == UINT64_MAX)
		return;
	for (int k = EV_NONE + 1; k < EV_KINDS; k++)
		runs += event_is_hot((enum event_kind)k) ? model_events(p->i->model, (enum event_kind)k) : 0;
	buf_printf(&p->line, "%llu ns per event", (unsigned long long)per_run);
	if (put_fact(p, " (sampled over ", "receipt.bpf_runs_sampled", " runs"))
		buf_puts(&p->line, ")");
	buf_puts(&p->line, ", so about ");
	fmt_duration(&p->line, per_run * runs, p->st->utf8);
	buf_puts(&p->line, " of all CPUs' time");
	end_item(p, "BPF");
}

static void put_recorder_cost(struct page *p)
{
	bool any = put_duration_fact(p, "", "receipt.recorder_user_ns", " user, ");

	any |= put_duration_fact(p, "", "receipt.recorder_sys_ns", " system");
	if (facts_get(p->facts, "receipt.wakeups"))
		put_fact(p, any ? ", woken " : "woken ", "receipt.wakeups", " times");
	if (facts_u64(p->facts, "receipt.recorder_rss_bytes", 0)) {
		buf_puts(&p->line, ", ");
		fmt_bytes(&p->line, facts_u64(p->facts, "receipt.recorder_rss_bytes", 0));
		buf_puts(&p->line, " of memory");
	}
	end_item(p, "recorder CPU");
}

static void put_intrusion(struct page *p)
{
	const struct intrusion *in = &p->i->intrusion;

	if (!facts_get(p->facts, "recorder.tgid"))
		return;
	buf_puts(&p->line, "the recorder was on a CPU ");
	put_count(p, in->stays, "time");
	buf_puts(&p->line, ", ");
	fmt_duration(&p->line, in->run_ns, p->st->utf8);
	buf_puts(&p->line, " in all; it displaced the workload ");
	put_count(p, in->displaced, "time");
	if (in->displaced) {
		buf_puts(&p->line, ", for ");
		fmt_duration(&p->line, in->displaced_ns, p->st->utf8);
	}
	end_item(p, "in the way");
}

static void put_attached(struct page *p, const char *name, const char *value)
{
	if (strcmp(value, "yes"))
		return;
	buf_puts(&p->line, p->line.len ? ", " : "");
	fmt_safe(&p->line, name, strlen(name), p->st->utf8);
}

static void put_not_attached(struct page *p, const char *name, const char *value)
{
	if (!strcmp(value, "yes"))
		return;
	buf_puts(&p->line, p->line.len ? ", " : "");
	fmt_safe(&p->line, name, strlen(name), p->st->utf8);
	buf_puts(&p->line, ": ");
	fmt_safe(&p->line, value, strlen(value), p->st->utf8);
}

static void put_attach(struct page *p)
{
	each_fact(p, "attach.", put_attached);
	end_item(p, "attached");
	each_fact(p, "attach.", put_not_attached);
	end_item(p, "not attached");
	if (facts_u64(p->facts, "ring.bytes", 0)) {
		fmt_bytes(&p->line, facts_u64(p->facts, "ring.bytes", 0));
		buf_puts(&p->line, " for each CPU");
	}
	end_item(p, "ring");
}

void info_text(const struct info *i, const struct style *st, struct buf *out)
{
	struct page p = { .i = i, .facts = model_facts(i->model), .st = st, .out = out };

	put_recording(&p);
	put_machine(&p);
	put_events(&p);
	put_losses(&p);
	put_bpf_cost(&p);
	put_recorder_cost(&p);
	put_intrusion(&p);
	put_attach(&p);
	frame_foot(i->model, trace_reader_damage(i->reader), st, out);
	buf_release(&p.line);
}

void info_json(const struct info *i, struct buf *out)
{
	const struct facts *f = model_facts(i->model);
	struct window w = model_window(i->model);
	struct json j = { .out = out };

	json_object(&j, NULL);
	json_str(&j, "schema", "schedviz-info");
	json_u64(&j, "version", 1);
	json_str(&j, "file", i->path);
	json_u64(&j, "file_bytes", trace_reader_size(i->reader));
	json_u64(&j, "length_ns", w.to_ns - w.from_ns);
	json_u64(&j, "tasks", model_nr_tasks(i->model));
	json_bool(&j, "doubtful", frame_doubtful(i->model, trace_reader_damage(i->reader)));
	json_object(&j, "events");
	for (int k = EV_NONE + 1; k < EV_KINDS; k++)
		json_u64(&j, event_names[k], model_events(i->model, (enum event_kind)k));
	json_end(&j);
	json_object(&j, "recorder");
	json_u64(&j, "stays", i->intrusion.stays);
	json_u64(&j, "run_ns", i->intrusion.run_ns);
	json_u64(&j, "displaced", i->intrusion.displaced);
	json_u64(&j, "displaced_ns", i->intrusion.displaced_ns);
	json_end(&j);
	json_object(&j, "facts");
	for (size_t k = 0; k < f->n; k++)
		json_str(&j, f->v[k].key, f->v[k].value);
	json_end(&j);
	json_end(&j);
	buf_putc(out, '\n');
}
