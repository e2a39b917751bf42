/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * svg.c - the timeline as a figure for slides and papers: lanes of tasks and CPUs under one axis, with a legend.
 *
 * A lane is a few paths, one for each state, with a corner where a column differs from the last: so the file's size
 * depends on the figure, not on the recording. What is shorter than a column makes a bar as high as its share of
 * it, and never less than can be seen.
 */
#include "export/formats.h"

#include <inttypes.h>
#include <string.h>
#include "export/strips.h"

#define MARGIN 12u
#define LABEL_WIDTH 180u /* 15 characters of a name, a tid and some indentation */
#define SIDE_WIDTH 126u
#define LANE_HEIGHT 16u
#define LANE_STEP 22u
#define LEAST_HEIGHT 3u /* of a bar: to be seen on a slide */
#define INDENT 10u
#define TEXT_WIDTH 7u /* of a character of 12 pixels, roughly: for what has to fit */
#define JOB_LEAST_WIDTH 3u
#define TICKS_APART 90u

struct figure {
	const struct export_job *job;
	struct buf *out;
	struct strips strips;
	unsigned left, width; /* of the lanes */
	unsigned y;	      /* so far */
};

/* ---- text ---- */

static void text_at(struct figure *f, unsigned x, unsigned y, const char *class, const char *s)
{
	buf_printf(f->out, "<text class=\"%s\" x=\"%u\" y=\"%u\">", class, x, y);
	export_markup(f->out, s);
	buf_puts(f->out, "</text>\n");
}

/* ---- where ---- */

static unsigned x_of(const struct figure *f, unsigned column)
{
	return f->left + (unsigned)((uint64_t)f->width * column / f->strips.columns);
}

static unsigned x_at(const struct figure *f, uint64_t ns)
{
	uint64_t span_ns = f->strips.window.to_ns - f->strips.window.from_ns;

	return f->left + (unsigned)((unsigned __int128)f->width * (ns - f->strips.window.from_ns) / span_ns);
}

/* ---- lanes ---- */

/* From the top of a lane down: waiting stands on running; sleeping is a thin line in the middle. */
static const struct layer {
	uint8_t state;
	const char *class;
} layers[] = {
	{ STATE_RUNNING, "run" },  { STATE_RUNNABLE, "wait" },	 { STATE_BLOCKED, "block" },
	{ STATE_STOPPED, "stop" }, { STATE_UNKNOWN, "unknown" },
};

static uint64_t column_ns(const struct strip *lane, unsigned c)
{
	uint64_t ns = 0;

	for (unsigned s = 0; s < NR_STATES; s++)
		ns += lane->ns[c][s];
	return ns;
}

/* In pixels; what is there at all is seen. */
static unsigned height_of(const struct strip *lane, unsigned c, unsigned state)
{
	uint64_t all_ns = column_ns(lane, c), ns = lane->ns[c][state];
	unsigned h = all_ns ? (unsigned)((ns * LANE_HEIGHT + all_ns / 2) / all_ns) : 0;

	return ns && h < LEAST_HEIGHT ? LEAST_HEIGHT : h;
}

static unsigned below(const struct strip *lane, unsigned c, size_t layer)
{
	unsigned h = 0;

	for (size_t i = 0; i < layer; i++)
		h += height_of(lane, c, layers[i].state);
	return h;
}

/*
 * The outline of a layer with all below it, from the lane's foot, where there is any of it: layers are drawn from the
 * highest down, so that each covers what is not its own. Relative moves: about six bytes a column at the worst.
 */
static void put_layer(struct figure *f, const struct strip *lane, size_t layer)
{
	unsigned from = 0, h = 0;
	bool any = false;

	for (unsigned c = 0; c <= f->strips.columns; c++) {
		bool there = c < f->strips.columns && lane->ns[c][layers[layer].state];
		unsigned now = there ? below(lane, c, layer + 1) : 0;

		if (now > LANE_HEIGHT)
			now = LANE_HEIGHT;
		if (c < f->strips.columns && now == h)
			continue;
		if (!any && now) {
			buf_printf(f->out, "<path class=\"%s\" d=\"M%u,%u", layers[layer].class, x_of(f, c),
				   f->y + LANE_HEIGHT);
			from = c;
			any = true;
		}
		if (any && c > from)
			buf_printf(f->out, "h%u", x_of(f, c) - x_of(f, from));
		if (any && now != h)
			buf_printf(f->out, "v%d", (int)h - (int)now);
		from = c;
		h = now;
	}
	if (any)
		buf_puts(f->out, "z\"/>\n");
}

/* A thin line where it slept all the time of a column. */
static void put_sleep(struct figure *f, const struct strip *lane)
{
	unsigned from = 0;
	bool asleep = false, any = false;

	for (unsigned c = 0; c <= f->strips.columns; c++) {
		bool now = c < f->strips.columns && lane->ns[c][STATE_SLEEPING] &&
			   lane->ns[c][STATE_SLEEPING] == column_ns(lane, c);

		if (asleep && !now) {
			buf_printf(f->out, "%sM%u,%uh%u", any ? "" : "<path d=\"", x_of(f, from),
				   f->y + LANE_HEIGHT / 2, x_of(f, c) - x_of(f, from));
			any = true;
		}
		if (now && !asleep)
			from = c;
		asleep = now;
	}
	if (any)
		buf_puts(f->out, "\" class=\"sleep\"/>\n");
}

/* The columns that a job lies in; false: outside, or too narrow to be drawn. */
static bool job_box(const struct figure *f, const struct job *j, task_id worker, unsigned *x, unsigned *wide)
{
	const struct window w = f->strips.window;

	if (!task_is(j->worker, worker) || j->started_ns == UINT64_MAX || j->started_ns >= w.to_ns ||
	    j->finished_ns <= w.from_ns)
		return false;
	*x = x_at(f, j->started_ns > w.from_ns ? j->started_ns : w.from_ns);
	*wide = x_at(f, j->finished_ns < w.to_ns ? j->finished_ns : w.to_ns) - *x;
	return *wide >= JOB_LEAST_WIDTH;
}

/* What a worker did: one path of boxes, and the job's name where there is room. */
static void put_jobs(struct figure *f, task_id worker)
{
	size_t nr;
	const struct job *jobs = model_jobs(f->job->model, &nr);
	struct buf names = { 0 };
	unsigned x, wide, free_x = 0, last_x = 0;
	bool any = false;

	for (size_t i = 0; i < nr; i++) {
		struct figure into = *f;
		struct buf name = { 0 };

		/* one that begins where another did, at the same time, would only cover it */
		if (!job_box(f, &jobs[i], worker, &x, &wide) || (any && x < free_x && x - last_x < JOB_LEAST_WIDTH))
			continue;
		buf_printf(f->out, "%sM%u,%uh%uv%uh-%uz", any ? "" : "<path class=\"job\" d=\"", x, f->y, wide,
			   LANE_HEIGHT, wide);
		into.out = &names;
		buf_printf(&name, "%s %" PRIu64, model_job_noun(f->job->model), jobs[i].id);
		if (wide > (unsigned)name.len * TEXT_WIDTH && (!any || x >= free_x))
			text_at(&into, x + wide / 2, f->y + 12, "in", buf_str(&name));
		buf_release(&name);
		any = true;
		last_x = x;
		free_x = x + wide > free_x ? x + wide : free_x;
	}
	if (any)
		buf_puts(f->out, "\"/>\n");
	buf_put(f->out, names.data, names.len);
	buf_release(&names);
}

static void put_label(struct figure *f, const struct strip *lane)
{
	struct buf name = { 0 };
	unsigned indent = 0, room;

	if (task_some(lane->task)) {
		const struct task *t = model_task(f->job->model, lane->task);

		indent = (unsigned)(lane->depth - f->strips.least_depth) * INDENT;
		buf_printf(&name, "%s %u", t->name, t->tid);
	} else {
		buf_printf(&name, "CPU %u", lane->cpu);
	}
	room = LABEL_WIDTH - MARGIN - (unsigned)name.len * TEXT_WIDTH;
	text_at(f,
		MARGIN + (room > LABEL_WIDTH ? 0
			  : indent < room    ? indent
					     : room),
		f->y + 12, "name", buf_str(&name));
	buf_release(&name);
}

static void put_side(struct figure *f, const struct strip *lane)
{
	struct buf text = { 0 };
	uint64_t all_ns = 0;

	for (unsigned s = 0; s < NR_STATES; s++)
		all_ns += lane->all_ns[s];
	if (task_some(lane->task)) {
		fmt_duration(&text, lane->all_ns[STATE_RUNNING], true);
		text_at(f, f->left + f->width + SIDE_WIDTH / 2 - 2, f->y + 12, "side", buf_str(&text));
		buf_reset(&text);
		fmt_duration(&text, lane->all_ns[STATE_RUNNABLE], true);
	} else {
		fmt_percent(&text, lane->all_ns[STATE_RUNNING], all_ns);
	}
	text_at(f, f->left + f->width + SIDE_WIDTH - 2, f->y + 12, "side", buf_str(&text));
	buf_release(&text);
}

static void put_lane(struct figure *f, const struct strip *lane)
{
	buf_puts(f->out, "<g>\n");
	put_label(f, lane);
	put_sleep(f, lane);
	if (task_some(lane->task))
		put_jobs(f, lane->task);
	for (size_t i = sizeof(layers) / sizeof(layers[0]); i-- > 0;)
		put_layer(f, lane, i);
	put_side(f, lane);
	buf_puts(f->out, "</g>\n");
	f->y += LANE_STEP;
}

/* ---- around them ---- */

static uint64_t step_ns(const struct figure *f)
{
	uint64_t span_ns = f->strips.window.to_ns - f->strips.window.from_ns, step = 1;
	static const unsigned times[] = { 2, 5, 10 };

	for (unsigned i = 0;; i++) {
		if ((unsigned __int128)step * f->width >= (unsigned __int128)span_ns * TICKS_APART)
			return step;
		step = i % 3 ? step / times[i % 3 - 1] * times[i % 3] : step * times[0];
	}
}

static void put_axis(struct figure *f, unsigned bottom)
{
	uint64_t step = step_ns(f), first = export_since(f->job, f->strips.window.from_ns);
	uint64_t last = export_since(f->job, f->strips.window.to_ns);

	text_at(f, f->left + f->width + SIDE_WIDTH / 2 - 2, f->y + 12, "side", "run");
	text_at(f, f->left + f->width + SIDE_WIDTH - 2, f->y + 12, "side", "wait");
	for (uint64_t at = (first + step - 1) / step * step; at <= last; at += step) {
		unsigned x = x_at(f, f->strips.window.from_ns + (at - first));
		struct buf label = { 0 };

		fmt_duration_arg(&label, at);
		buf_printf(f->out, "<path class=\"tick\" d=\"M%u,%uV%u\"/>\n", x, f->y + LANE_HEIGHT, bottom);
		text_at(f, x, f->y + 12, "axis", buf_str(&label));
		buf_release(&label);
	}
	f->y += LANE_STEP;
}

static const struct key {
	const char *class, *words;
} keys[] = {
	{ "run", "running" },	    { "wait", "waiting for a CPU" },	      { "sleepkey", "asleep" },
	{ "job", "doing a job" },   { "block", "blocked (uninterruptible)" }, { "stop", "stopped, offline" },
	{ "unknown", "not known" },
};

/* All of them, whether or not they occur: figures of one course can be compared. */
static void put_legend(struct figure *f)
{
	unsigned x = MARGIN;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		unsigned wide = 20 + (unsigned)strlen(keys[i].words) * TEXT_WIDTH + 14;

		if (x + wide > f->left + f->width + SIDE_WIDTH) {
			x = MARGIN;
			f->y += LANE_STEP;
		}
		buf_printf(f->out, "<rect class=\"%s\" x=\"%u\" y=\"%u\" width=\"14\" height=\"%u\"/>\n", keys[i].class,
			   x, f->y + (strcmp(keys[i].class, "sleepkey") ? 2 : 8),
			   strcmp(keys[i].class, "sleepkey") ? 12u : 1u);
		text_at(f, x + 20, f->y + 12, "name", keys[i].words);
		x += wide;
	}
	f->y += LANE_STEP;
}

/* Colours that differ in lightness too, and a hatching for what waits. */
static const struct palette {
	const char *ground, *ink, *faint, *run, *wait, *block, *stop, *unknown, *job, *rim;
} palettes[] = {
	{ "#ffffff", "#1f2328", "#c4c9d0", "#1f5fa8", "#d9822b", "#a3262a", "#7a7f87", "#e3e5e8", "#e8eff8",
	  "#9db7d6" },
	{ "#14171c", "#e6e8eb", "#4a515b", "#6aa9f0", "#f0a350", "#ef6f6c", "#9aa1ab", "#343a43", "#22303f",
	  "#4f6f95" },
};

static void put_style(struct figure *f)
{
	const struct palette *p = &palettes[f->job->dark];

	buf_printf(f->out,
		   "<style>text{font:12px sans-serif;fill:%s}.title{font-size:15px;font-weight:bold}"
		   ".side{text-anchor:end}.axis,.in{text-anchor:middle}.in{font-size:11px}"
		   ".run{fill:%s}.wait{fill:url(#w)}.block{fill:%s}.stop{fill:%s}.unknown{fill:url(#u)}"
		   ".sleep{stroke:%s;fill:none}.sleepkey{fill:%s}.job{fill:%s;stroke:%s}.tick{stroke:%s;fill:none}</"
		   "style>\n",
		   p->ink, p->run, p->block, p->stop, p->stop, p->stop, p->job, p->rim, p->faint);
	buf_printf(
		f->out,
		"<defs><pattern id=\"w\" width=\"4\" height=\"4\" patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"4\" height=\"4\" fill=\"%s\"/><path d=\"M0,4L4,0\" stroke=\"%s\"/></pattern>"
		"<pattern id=\"u\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\">"
		"<rect width=\"6\" height=\"6\" fill=\"%s\"/><path d=\"M0,0L6,6\" stroke=\"%s\"/></pattern></defs>\n",
		p->wait, p->ground, p->unknown, p->faint);
}

static void put_title(struct figure *f)
{
	const struct facts *facts = model_facts(f->job->model);
	const char *command = facts_get(facts, "command");
	struct buf second = { 0 };

	text_at(f, MARGIN, f->y + 14, "title", command ? command : "recording");
	f->y += LANE_STEP;
	if (f->job->theory)
		buf_printf(&second, "theory: %s", f->job->theory);
	if (f->job->theory && f->job->verdict)
		buf_printf(&second, " - %s", f->job->verdict);
	if (f->strips.left_out)
		buf_printf(&second, "%s%u more tasks, which ran less, are not drawn", second.len ? "; " : "",
			   f->strips.left_out);
	if (second.len) {
		text_at(f, MARGIN, f->y + 12, "name", buf_str(&second));
		f->y += LANE_STEP;
	}
	buf_release(&second);
}

static void put_figure(struct figure *f)
{
	unsigned bottom;

	put_style(f);
	buf_printf(f->out, "<rect width=\"100%%\" height=\"100%%\" fill=\"%s\"/>\n", palettes[f->job->dark].ground);
	put_title(f);
	bottom = f->y + LANE_STEP + (unsigned)f->strips.n * LANE_STEP + (f->strips.nr_tasks < f->strips.n ? 8 : 0);
	put_axis(f, bottom - (LANE_STEP - LANE_HEIGHT));
	for (size_t i = 0; i < f->strips.n; i++) {
		if (i == f->strips.nr_tasks && i)
			f->y += 8;
		put_lane(f, &f->strips.v[i]);
	}
	f->y += 6;
	put_legend(f);
}

static int svg_write(const struct export_job *job, struct export_out *out, struct err *e)
{
	unsigned total = job->width ? job->width : SVG_WIDTH;
	struct buf body = { 0 };
	struct figure f = {
		.job = job,
		.out = &body,
		.left = LABEL_WIDTH,
		.width = total - LABEL_WIDTH - SIDE_WIDTH - MARGIN,
		.y = MARGIN,
	};
	int ret = strips_make(&f.strips, job, f.width, e);

	if (ret >= 0) {
		put_figure(&f);
		buf_printf(&out->buf,
			   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" viewBox=\"0 0 %u %u\" "
			   "shape-rendering=\"crispEdges\">\n",
			   total, f.y + MARGIN, total, f.y + MARGIN);
		buf_put(&out->buf, body.data, body.len);
		buf_puts(&out->buf, "</svg>\n");
	}
	strips_release(&f.strips);
	buf_release(&body);
	return ret < 0 ? ret : 0;
}

const struct exporter exporter_svg = {
	.name = "svg",
	.summary = "the timeline as a figure for slides and papers",
	.suffix = "svg",
	.write = svg_write,
};
