/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * queue.c - the workload `queue`: a writer puts values into a queue now and then, a reader waits for each.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/schedviz_mark.h"
#include "svpool/svpool.h"
#include "workloads/team.h"
#include "workloads/theory.h"
#include "workloads/workload.h"

#define MAX_VALUES 1000
#define CAPACITY MAX_VALUES
#define NAME_BYTES 24

/* Reader and feeder are asleep in their queues by then; the first value comes half a --sleep later at the earliest. */
#define MIN_SLEEP_NS (2 * NSEC_PER_MSEC)

struct queue_cfg {
	struct workload_cfg c;
	bool feeder;
};

static const struct opt queue_opts[] = {
	OPT_U64('n', "tasks", struct queue_cfg, c.tasks, 1, MAX_VALUES, "N", "values to put (3)"),
	OPT_DURATION(0, "sleep", struct queue_cfg, c.sleep_ns, MIN_SLEEP_NS, WORKLOAD_MAX_NS,
		     "how long the writer sleeps before each, half more or less (1s)"),
	OPT_FLAG(0, "feeder", struct queue_cfg, feeder,
		 "as Python does it: put() only wakes a feeder thread of the writer, which writes into a pipe"),
	WORKLOAD_SEED_OPT(struct queue_cfg, c),
	WORKLOAD_OPTS(struct queue_cfg, c), OPT_END
};

static bool has_feeder(const struct workload_cfg *cfg)
{
	return ((const struct queue_cfg *)cfg)->feeder;
}

static void queue_defaults(struct workload_cfg *cfg)
{
	*cfg = (struct workload_cfg){ .repeat = 1, .tasks = 3, .sleep_ns = NSEC_PER_SEC, .seed = 2 };
}

static int queue_prepare(struct workload_cfg *cfg, struct err *e)
{
	if (cfg->sleep_ns < MIN_SLEEP_NS)
		return err_set(e, -EINVAL, "sleeps that short do not show who waits - raise --sleep or --scale");
	return 0;
}

/* ---- theory ---- */

static uint64_t gap_ns(const struct workload_cfg *cfg, uint64_t i)
{
	return workload_vary(cfg->sleep_ns, cfg->seed, i);
}

static void queue_predict(const struct workload_cfg *cfg, struct facts *out)
{
	struct buf text = { 0 };
	uint64_t sum_ns = 0;

	buf_puts(&text, "the writer's sleeps: ");
	for (uint64_t i = 0; i < cfg->tasks; i++) {
		sum_ns += gap_ns(cfg, i);
		if (i >= 4)
			continue;
		buf_puts(&text, i ? " + " : "");
		theory_time(&text, gap_ns(cfg, i));
	}
	buf_puts(&text, cfg->tasks > 4 ? " + ... = " : " = ");
	theory_time(&text, sum_ns);
	theory_set(out, buf_str(&text), (struct theory_range){ sum_ns, sum_ns });
	buf_release(&text);
}

/* ---- the run ---- */

struct post {
	const struct workload_cfg *cfg;
	svq *values; /* writer to reader; with a feeder, writer to feeder */
	int pipe[2]; /* feeder to reader */
};

/* "A", "B", ... "Z", "A2", ... */
static void value_name(uint64_t i, char name[NAME_BYTES])
{
	if (i < 26)
		snprintf(name, NAME_BYTES, "%c", (char)('A' + i));
	else
		snprintf(name, NAME_BYTES, "%c%" PRIu64, (char)('A' + i % 26), i / 26 % MAX_VALUES + 1);
}

static void *feed(void *arg)
{
	const struct post *post = arg;
	uint64_t value;

	prctl(PR_SET_NAME, "feeder");
	while (svq_get(post->values, &value, -1) == 0)
		if (write(post->pipe[1], &value, sizeof(value)) != sizeof(value))
			break;
	return NULL;
}

static int put_all(const struct post *post)
{
	char name[NAME_BYTES];

	for (uint64_t i = 0; i < post->cfg->tasks; i++) {
		workload_sleep(gap_ns(post->cfg, i));
		schedviz_mark_submit(i);
		if (svq_put(post->values, &i, -1) < 0)
			return 1;
		value_name(i, name);
		workload_say("writer (%d) put %s", getpid(), name);
	}
	return 0;
}

static int writer(void *arg, uint32_t unused)
{
	struct post *post = arg;
	pthread_t feeder;
	int ret;

	(void)unused;
	close(post->pipe[0]);
	if (has_feeder(post->cfg) && pthread_create(&feeder, NULL, feed, post))
		return 1;
	ret = put_all(post);
	if (has_feeder(post->cfg)) {
		svq_close(post->values);
		pthread_join(feeder, NULL);
	}
	return ret;
}

static int get(const struct post *post, uint64_t *value)
{
	if (!has_feeder(post->cfg))
		return svq_get(post->values, value, -1);
	return read(post->pipe[0], value, sizeof(*value)) == sizeof(*value) ? 0 : -EPIPE;
}

/* For ever, as the seed has it: somebody must end it. It keeps the pipe's other end, so that no end of file does. */
static int reader(void *arg, uint32_t unused)
{
	const struct post *post = arg;
	uint64_t value;
	char name[NAME_BYTES];

	(void)unused;
	while (get(post, &value) == 0) {
		schedviz_mark_start(value);
		value_name(value, name);
		workload_say("reader (%d) got %s", getpid(), name);
		schedviz_mark_finish(value);
	}
	return 1;
}

static int post_run(struct post *post, struct err *e)
{
	const struct team_cfg reads = { .n = 1, .name = "reader", .fn = reader, .arg = post, .lead_ns = TEAM_AT_ONCE };
	const struct team_cfg writes = { .n = 1, .name = "writer", .fn = writer, .arg = post };
	struct team *r = team_start(&reads, e), *w = r ? team_start(&writes, e) : NULL;
	uint64_t from_ns = w ? team_start_ns(w) : 0;
	uint32_t failed;
	int status;

	failed = w ? team_join(w, NULL) : 1;
	if (r) {
		team_kill(r, 0, SIGTERM);
		team_join(r, &status);
	}
	if (w && failed)
		return err_set(e, -EIO, "the writer failed");
	if (!w)
		return -EAGAIN;
	schedviz_mark_wall(from_ns, schedviz_mark_now());
	workload_say("queue (%d) the writer is done, the reader was ended by signal %d", getpid(), WTERMSIG(status));
	return 0;
}

static int queue_run(const struct workload_cfg *cfg)
{
	struct post post = { .cfg = cfg, .pipe = { -1, -1 } };
	struct err e = { 0 };
	int ret;

	if (workload_enter("queue", cfg, &e) < 0)
		return workload_failed(&e);
	schedviz_mark_noun("value");
	workload_map_program();
	post.values = svq_new(sizeof(uint64_t), CAPACITY, !has_feeder(cfg));
	if (!post.values || pipe(post.pipe) < 0)
		ret = err_sys(&e, -errno, "cannot make the queue");
	else
		ret = post_run(&post, &e);
	svq_free(post.values);
	for (int i = 0; i < 2; i++)
		if (post.pipe[i] >= 0)
			close(post.pipe[i]);
	return ret < 0 ? workload_failed(&e) : 0;
}

/* ---- the check ---- */

static bool in_order(const struct evidence *ev, uint64_t n)
{
	uint64_t last_ns = 0;
	size_t nr;
	const struct job *jobs = model_jobs(ev->model, &nr);

	for (size_t i = 0; i < nr; i++) {
		if (jobs[i].id != i || jobs[i].started_ns == UINT64_MAX || jobs[i].started_ns < last_ns)
			return false;
		last_ns = jobs[i].started_ns;
	}
	return nr == n;
}

static void check_end(const struct evidence *ev, struct report *r)
{
	const struct evidence_task *reader = evidence_task(ev, evidence_one(ev, "reader"));
	int32_t status = reader && reader->task->exit_known ? reader->task->exit_code : 0;

	report_text(r, (status & 0x7f) == SIGTERM, "how the reader ended", "by SIGTERM",
		    status & 0x7f ? "by signal %d" : "not by a signal", status & 0x7f);
}

static void queue_check(const struct workload_cfg *cfg, const struct evidence *ev, struct report *r)
{
	const char *from = has_feeder(cfg) ? "feeder" : "writer";
	task_id reader = evidence_one(ev, "reader");
	uint64_t n = cfg->tasks;

	if (has_feeder(cfg))
		report_count(r, evidence_edges(ev, "writer", "feeder", "futex", ev->wall), n, n + 1,
			     "wake-ups of the feeder by the writer");
	report_count(r, evidence_edges(ev, from, "reader", EVIDENCE_HAND_OFF, ev->wall), n, n,
		     "wake-ups of the reader by the %s", from);
	if (has_feeder(cfg))
		report_count(r, evidence_edges(ev, "writer", "reader", EVIDENCE_HAND_OFF, ev->wall), 0, 0,
			     "wake-ups of the reader by the writer itself");
	/* it falls asleep again after each value; the sleep before the first began ahead of the measured span */
	report_count(r, evidence_sleeps(ev, reader, has_feeder(cfg) ? "read" : "futex", ev->wall).n, n, n,
		     "sleeps of the reader in %s", has_feeder(cfg) ? "read" : "futex");
	report_text(r, in_order(ev, n), "order in which values come out", "as put",
		    in_order(ev, n) ? "as put" : "another");
	check_end(ev, r);
}

static void queue_explain(const struct workload_cfg *cfg, const struct evidence *ev, struct buf *out)
{
	struct hist h = { 0 };

	evidence_latencies(ev, evidence_one(ev, "reader"), ev->wall, &h);
	buf_puts(out, "The reader does nothing but wait: it sleeps in ");
	buf_puts(out, has_feeder(cfg)
			      ? "read until the feeder, a thread inside the writer, writes into the pipe; the writer's "
				"put() itself only woke the feeder. So each value takes two wake-ups"
			      : "futex until the writer puts a value. So each value takes one wake-up");
	buf_puts(out, ", and the reader had the CPU after ");
	fmt_duration(out, hist_percentile(&h, 500), true);
	buf_puts(out,
		 " (median). Values come out in the order in which they were put, because one queue and one reader "
		 "keep order. The reader never knows that nothing more will come: when the writer had ended it was "
		 "asleep again, and was ended by SIGTERM. A queue that can be closed would be kinder.");
	hist_release(&h);
}

const struct workload workload_queue = {
	.name = "queue",
	.group = GROUP_POOLS,
	.summary = "writer and reader: one wake-up a value, or two by feeder",
	.lesson = "A writer process puts three values into a queue, sleeping before each; a reader process takes them "
		  "in an "
		  "endless loop and is terminated at the end. The reader is asleep until there is something: waiting "
		  "costs no CPU. With --feeder it works as Python's multiprocessing.Queue does: put() returns at once, "
		  "having woken a thread inside the writer's process, and that feeder writes into a pipe.",
	.theory = "The sum of the writer's sleeps: the reader is always there before the next value.",
	.look = "Short strokes in pairs, writer and reader (with --feeder in threes), each a wake-up; the reader's "
		"lane ends "
		"just after the writer's.",
	.example = "schedviz run queue --feeder",
	.opts = queue_opts,
	.cfg_size = sizeof(struct queue_cfg),
	.defaults = queue_defaults,
	.prepare = queue_prepare,
	.predict = queue_predict,
	.run = queue_run,
	.check = queue_check,
	.explain = queue_explain,
};
