/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * lanes.c - the lines of a timeline: tasks, then jobs, then CPUs, each group under a heading.
 */
#include "render/lanes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "render/words.h"

static struct line *add_lane(struct lanes *l, struct lane lane)
{
	lane.line = l->sheet.lines.n;
	*vec_push(&l->v) = lane;
	return sheet_add(&l->sheet);
}

static void put_side(const struct lanes *l, struct line *line, enum side k, uint64_t ns, enum ink ink)
{
	fmt_duration(&line->side[k], ns, l->style->utf8);
	line->side_ink[k] = ns ? ink : INK_DIM;
}

static void add_words(struct lanes *l, enum ink ink, const char *text)
{
	struct line *line = sheet_add(&l->sheet);

	line->words = true;
	line->label_ink = ink;
	buf_puts(&line->label, text);
}

static struct line *add_heading(struct lanes *l, enum lane_kind kind, const char *const *words)
{
	struct line *line = kind == LANE_AXIS ? add_lane(l, (struct lane){ .kind = kind }) : sheet_add(&l->sheet);

	buf_puts(&line->label, words[0]);
	line->label_ink = INK_HEAD;
	for (size_t k = 0; k < NR_SIDES; k++) {
		buf_puts(&line->side[k], words[k + 1]);
		line->side_ink[k] = INK_HEAD;
	}
	return line;
}

/* ---- tasks ---- */

#define ART_LEVELS 5 /* of a deeper tree only the innermost branches are drawn */

enum beside { ART_BESIDE, ART_ABOVE, ART_BELOW };

static void put_pipe(const struct lanes *l, bool there, struct buf *out)
{
	buf_puts(out, there ? glyph_text(l->style, GLYPH_PIPE) : "  ");
}

/* Has the task a child among the picks? It would be the next one. */
static bool is_parent(const struct lanes *l, const struct picked *p)
{
	uint32_t i = (uint32_t)(p - l->picks.v);

	return i + 1 < l->picks.n && l->picks.v[i + 1].parent == i;
}

/* Left of a lane, or of the row above or below it. */
static void put_art(const struct lanes *l, const struct picked *p, enum beside where, struct buf *out)
{
	unsigned first = p->depth > ART_LEVELS ? p->depth - ART_LEVELS + 1u : 1u;

	for (unsigned d = first; d < p->depth; d++)
		put_pipe(l, p->siblings >> d & 1, out);
	if (p->depth > 0 && where != ART_BESIDE)
		put_pipe(l, where == ART_ABOVE || p->siblings >> p->depth & 1, out);
	if (where == ART_BELOW)
		put_pipe(l, is_parent(l, p), out);
	if (p->depth > 0 && where == ART_BESIDE)
		buf_puts(out, glyph_text(l->style, p->siblings >> p->depth & 1 ? GLYPH_TEE : GLYPH_CORNER));
}

#define TELLING_MOST 18u /* "│ ├ result handler"; deeper in a tree it is elided */

/* Under its process, which stands there with the same name, the role is enough. */
static void put_who(struct lanes *l, const struct picked *p, struct buf *out)
{
	const struct model *m = l->sum->model;
	const char *role = words_role(roles_of(l->sum->roles, p->id));
	task_id above = p->parent == UINT32_MAX ? p->id : l->picks.v[p->parent].id;
	unsigned columns;

	if (role && p->parent != UINT32_MAX && !strcmp(model_task(m, above)->name, model_task(m, p->id)->name))
		buf_puts(out, role);
	else
		words_who(l->sum, p->id, l->style, out);
	columns = text_columns(out);
	columns = columns < TELLING_MOST ? columns : TELLING_MOST;
	if (role && l->sheet.label_least < columns)
		l->sheet.label_least = columns;
}

#define LONG_NOTE_PAGE 150u /* columns of a page that has room for a sentence beside each lane */

static void put_note(const struct lanes *l, task_id id, struct buf *out)
{
	if (!words_gil(l->sum, id, l->style->columns < LONG_NOTE_PAGE, out))
		words_slept(l->sum->model, &l->sum->tasks[id.i], out);
}

static void add_task(struct lanes *l, const struct picked *p)
{
	const struct task *t = model_task(l->sum->model, p->id);
	const struct task_sum *ts = &l->sum->tasks[p->id.i];
	struct line *line = add_lane(l, (struct lane){ .kind = LANE_TASK, .task = p->id });

	put_art(l, p, ART_BESIDE, &line->label);
	put_who(l, p, &line->label);
	put_art(l, p, ART_ABOVE, &line->above_label);
	snprintf(line->number, sizeof(line->number), "%u", t->tid);
	put_side(l, line, SIDE_RUN, ts->ns[STATE_RUNNING], INK_RUN);
	put_side(l, line, SIDE_WAIT, ts->ns[STATE_RUNNABLE], INK_WAIT);
	put_side(l, line, SIDE_SLEEP, slept_ns(ts), INK_SLEEP);
	put_note(l, p->id, &line->side[SIDE_NOTE]);
	line->side_ink[SIDE_NOTE] = INK_DIM;
}

static void add_path_row(struct lanes *l, const struct picked *p)
{
	const struct path_on *on = path_rows_add(l->path, p->id);
	struct line *line = add_lane(l, (struct lane){ .kind = LANE_PATH, .task = p->id });

	put_art(l, p, ART_BELOW, &line->label);
	put_side(l, line, SIDE_RUN, on->run_ns, INK_PATH);
	put_side(l, line, SIDE_WAIT, on->wait_ns, INK_PATH);
	put_side(l, line, SIDE_SLEEP, on->rest_ns, INK_PATH);
	buf_puts(&line->side[SIDE_NOTE], "on path");
}

static void add_tasks(struct lanes *l)
{
	static const char *const heading[] = { "process", "run", "wait", "sleep", "mostly in" };
	struct buf more = { 0 };
	char *at;

	strcpy(add_heading(l, LANE_AXIS, heading)->number, "tid");
	for (uint32_t i = 0; i < l->picks.n; i++) {
		add_task(l, &l->picks.v[i]);
		if (l->path && path_rows_has(l->path, l->picks.v[i].id))
			add_path_row(l, &l->picks.v[i]);
	}
	picks_report(&l->picks, l->style->utf8, &more);
	for (char *text = more.data; text && (at = strchr(text, '\n')); text = at + 1) {
		*at = '\0';
		add_words(l, INK_DIM, text);
	}
	buf_release(&more);
}

/* ---- jobs ---- */

static void add_job(struct lanes *l, const struct job *j)
{
	struct line *line = add_lane(l, (struct lane){ .kind = LANE_JOB, .job = j });
	uint64_t waited = job_waited_ns(j), service = job_service_ns(j), turnaround = job_turnaround_ns(j);

	job_name(l->sum->model, j, &line->label);
	line->label_ink = ink_of_job(j->id);
	if (service != JOB_UNSEEN)
		put_side(l, line, SIDE_RUN, service, INK_PLAIN);
	else if (job_left_ns(l->sum->model, j) != JOB_UNSEEN)
		buf_puts(&line->side[SIDE_RUN], "lost"); /* with its worker */
	if (waited != JOB_UNSEEN)
		put_side(l, line, SIDE_WAIT, waited, INK_QUEUE);
	if (turnaround != JOB_UNSEEN)
		put_side(l, line, SIDE_SLEEP, turnaround, INK_PLAIN);
}

static bool lane_of_task(const struct lanes *l, task_id id)
{
	for (uint32_t i = 0; i < l->picks.n; i++)
		if (task_is(l->picks.v[i].id, id))
			return true;
	return false;
}

/* With a filter only the jobs of the tasks it lets through. */
static bool job_wanted(const struct lanes *l, const struct job *j, bool filtered)
{
	return job_in_window(l->sum->model, j, l->sum->window) && (!filtered || lane_of_task(l, j->worker));
}

static void add_jobs(struct lanes *l, bool filtered)
{
	const char *heading[] = { "", "took", "waited", "in all", "" };
	struct buf noun = { 0 };
	size_t nr, shown = 0;
	const struct job *jobs = model_jobs(l->sum->model, &nr);

	for (size_t i = 0; i < nr; i++)
		shown += job_wanted(l, &jobs[i], filtered);
	if (shown == 0)
		return;
	fmt_safe(&noun, model_job_noun(l->sum->model), strlen(model_job_noun(l->sum->model)), false);
	buf_putc(&noun, 's');
	heading[0] = buf_str(&noun);
	add_words(l, INK_PLAIN, "");
	add_heading(l, LANE_JOB, heading);
	for (size_t i = 0; i < nr && shown <= JOB_LANES; i++)
		if (job_wanted(l, &jobs[i], filtered))
			add_job(l, &jobs[i]);
	if (shown > JOB_LANES)
		buf_puts(&add_lane(l, (struct lane){ .kind = LANE_QUEUE })->label, "queued");
	buf_release(&noun);
}

/* ---- CPUs ---- */

static void add_cpu(struct lanes *l, uint32_t cpu)
{
	const struct cpu_sum *c = &l->sum->cpus[cpu];
	uint64_t span_ns = l->sum->window.to_ns - l->sum->window.from_ns;
	struct line *line = add_lane(l, (struct lane){ .kind = LANE_CPU, .cpu = cpu });

	buf_printf(&line->label, "CPU %u", cpu);
	words_share(&line->side[SIDE_RUN], c->ns[CPU_TASK], span_ns - c->ns[CPU_OFFLINE]);
	line->side_ink[SIDE_RUN] = c->ns[CPU_TASK] ? INK_RUN : INK_DIM;
	words_share(&line->side[SIDE_SLEEP], c->ns[CPU_IDLE], span_ns - c->ns[CPU_OFFLINE]);
	line->side_ink[SIDE_SLEEP] = INK_SLEEP;
	fmt_count(&line->side[SIDE_NOTE], c->switches);
	line->side_ink[SIDE_NOTE] = INK_DIM;
}

#define SHARE_COLUMNS 6u /* "12.3 %", "<0.1 %" */
#define CPU_LANES 16	 /* of a larger machine only the busy CPUs, at most so many, unless all are asked for */

static void add_cpus(struct lanes *l, bool all)
{
	const char *heading[] = { "CPUs", "busy", "", "idle", "switches" };
	uint32_t seen = 0, busy = 0, shown = 0;
	struct buf more = { 0 };

	for (uint32_t c = 0; c < l->sum->nr_cpus; c++) {
		seen += l->sum->cpus[c].seen;
		busy += l->sum->cpus[c].ns[CPU_TASK] > 0;
	}
	if (task_some(model_target(l->sum->model))) {
		heading[1 + SIDE_WAIT] = "ours";
		l->sheet.side_columns[SIDE_WAIT] = SHARE_COLUMNS;
	}
	if (!all)
		add_words(l, INK_PLAIN, "");
	add_heading(l, all ? LANE_AXIS : LANE_CPU, heading);
	for (uint32_t c = 0; c < l->sum->nr_cpus; c++) {
		const struct cpu_sum *sum = &l->sum->cpus[c];

		if (!sum->seen || (!all && seen > CPU_LANES && (!sum->ns[CPU_TASK] || shown >= CPU_LANES)))
			continue;
		add_cpu(l, c);
		shown++;
	}
	if (shown == seen)
		return;
	buf_printf(&more, "and %u more CPU%s, %u of them used (--cpus shows all)", seen - shown, plural(seen - shown),
		   busy > shown ? busy - shown : 0);
	add_words(l, INK_DIM, buf_str(&more));
	buf_release(&more);
}

void lanes_make(struct lanes *l, const struct summary *sum, const struct pick_cfg *cfg, bool cpus_only,
		struct path_rows *path, const struct style *st)
{
	*l = (struct lanes){ .sum = sum, .path = path, .style = st };
	if (!cpus_only) {
		picks_make(&l->picks, sum, cfg);
		add_tasks(l);
		add_jobs(l, cfg->filter.text && *cfg->filter.text);
	}
	add_cpus(l, cpus_only);
	sheet_measure(&l->sheet, st);
}

void lanes_release(struct lanes *l)
{
	vec_release(&l->v);
	sheet_release(&l->sheet);
	picks_release(&l->picks);
}

/* ---- painting ---- */

void lanes_want(const struct lanes *l, struct grid *g)
{
	for (size_t i = 0; i < l->v.n; i++) {
		if (l->v.v[i].kind == LANE_TASK)
			grid_want_task(g, l->v.v[i].task);
		else if (l->v.v[i].kind == LANE_CPU)
			grid_want_cpu(g, l->v.v[i].cpu);
	}
}

static void paint_worker(struct lanes *l, const struct grid *g, const struct lane *lane, struct line *line,
			 struct seen *seen)
{
	paint_task(g, g->task_lane[lane->task.i], l->style, line->cells, seen);
	line->above = xcalloc(l->sheet.lane_columns, sizeof(*line->above));
	if (paint_worker_jobs(g, l->sum->model, lane->task, l->style, line->cells, line->above, seen))
		return;
	free(line->above);
	line->above = NULL;
}

static void paint_queue_lane(struct lanes *l, const struct grid *g, struct line *line, struct seen *seen)
{
	uint32_t most = paint_queue(g, l->sum->model, l->style, line->cells, seen);

	buf_printf(&line->side[SIDE_NOTE], "max %u", most);
	line->side_ink[SIDE_NOTE] = INK_DIM;
}

static void paint_cpu_lane(struct lanes *l, const struct grid *g, const struct lane *lane, struct line *line,
			   struct seen *seen)
{
	uint64_t ours_ns = paint_cpu(g, g->cpu_lane[lane->cpu], l->style, line->cells, seen);
	const struct summary *sum = l->sum;

	if (!task_some(model_target(sum->model)))
		return;
	words_share(&line->side[SIDE_WAIT], ours_ns,
		    sum->window.to_ns - sum->window.from_ns - sum->cpus[lane->cpu].ns[CPU_OFFLINE]);
	line->side_ink[SIDE_WAIT] = ours_ns ? INK_RUN : INK_DIM;
}

void lanes_paint(struct lanes *l, const struct grid *g, struct seen *seen)
{
	for (size_t i = 0; i < l->v.n; i++) {
		const struct lane *lane = &l->v.v[i];
		struct line *line = &l->sheet.lines.v[lane->line];

		sheet_alloc_cells(&l->sheet, line);
		switch (lane->kind) {
		case LANE_AXIS:
			axis_draw(&g->axis, l->style, line->cells);
			break;
		case LANE_TASK:
			paint_worker(l, g, lane, line, seen);
			break;
		case LANE_PATH:
			path_rows_paint(l->path, l->path->row[lane->task.i], l->style, line->cells, seen);
			break;
		case LANE_JOB:
			paint_job(g, l->sum->model, lane->job, l->style, line->cells, seen);
			break;
		case LANE_QUEUE:
			paint_queue_lane(l, g, line, seen);
			break;
		case LANE_CPU:
			paint_cpu_lane(l, g, lane, line, seen);
			break;
		}
	}
}
