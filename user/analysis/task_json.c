/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * task_json.c - the members of a task, and the words for roles, calls and ends.
 */
#include "analysis/task_json.h"

#include "trace/syscalls.h"

const char *words_role(enum role role)
{
	static const char *const words[NR_ROLES] = {
		[ROLE_WORKER_HANDLER] = "worker handler",
		[ROLE_TASK_HANDLER] = "task handler",
		[ROLE_RESULT_HANDLER] = "result handler",
		[ROLE_WORKER] = "worker",
		[ROLE_FEEDER] = "feeder",
		[ROLE_GIL_WAITER] = "GIL waiter",
		[ROLE_WAITER] = "waiter",
	};

	return words[role];
}

void words_syscall(const struct model *m, int32_t syscall, struct buf *out)
{
	const char *name = syscall >= 0 ? syscall_name(model_arch(m), syscall) : NULL;

	if (name)
		buf_puts(out, name);
	else if (syscall == EV_NO_SYSCALL)
		buf_puts(out, "no syscall");
	else if (syscall < 0)
		buf_puts(out, "unknown");
	else if (syscall & EV_SYSCALL_IA32)
		buf_printf(out, "sys32_%d", syscall & ~EV_SYSCALL_IA32);
	else
		buf_printf(out, "sys_%d", syscall);
}

void exit_split(int32_t status, int *code, int *signal)
{
	*signal = status & 0x7f;
	*code = *signal ? 0 : (status >> 8) & 0xff;
}

void latency_json(struct json *j, const char *key, const struct hist *h)
{
	json_object(j, key);
	json_u64(j, "count", h->n);
	json_u64(j, "mean_ns", hist_mean(h));
	json_u64(j, "p95_ns", hist_percentile(h, 950));
	json_u64(j, "max_ns", h->max_ns);
	json_end(j);
}

static void put_exit(struct json *j, const struct task *t)
{
	int code, signal;

	if (!t->exit_known) {
		json_null(j, "exit");
		return;
	}
	exit_split(t->exit_code, &code, &signal);
	json_object(j, "exit");
	json_i64(j, "code", code);
	json_i64(j, "signal", signal);
	json_end(j);
}

static void put_slept(struct json *j, const struct summary *sum, const struct task_sum *t)
{
	struct buf name = { 0 };

	json_array(j, "slept_in");
	for (uint32_t i = 0; i < t->nr_slept; i++) {
		buf_reset(&name);
		words_syscall(sum->model, t->slept[i].syscall, &name);
		json_object(j, NULL);
		json_str(j, "syscall", buf_str(&name));
		json_u64(j, "ns", t->slept[i].ns);
		json_u64(j, "count", t->slept[i].count);
		json_end(j);
	}
	json_end(j);
	buf_release(&name);
}

static void put_counts(struct json *j, const struct task_sum *ts)
{
	static const struct {
		const char *key;
		enum task_state state;
	} times[] = {
		{ "run_ns", STATE_RUNNING },	 { "wait_ns", STATE_RUNNABLE },	  { "sleep_ns", STATE_SLEEPING },
		{ "blocked_ns", STATE_BLOCKED }, { "stopped_ns", STATE_STOPPED }, { "unknown_ns", STATE_UNKNOWN },
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
		json_u64(j, times[i].key, ts->ns[times[i].state]);
	json_u64(j, "voluntary", ts->voluntary);
	json_u64(j, "involuntary", ts->involuntary);
	json_u64(j, "wakeups", ts->wakeups);
	json_u64(j, "migrations", ts->migrations);
	latency_json(j, "latency", &ts->latency);
}

static void put_role(struct json *j, const struct summary *sum, task_id id)
{
	struct role_waits gil = roles_gil(sum->roles, id);

	json_str(j, "role", words_role(roles_of(sum->roles, id)));
	if (roles_of(sum->roles, id) != ROLE_GIL_WAITER) {
		json_null(j, "gil_waits");
		return;
	}
	json_object(j, "gil_waits");
	json_u64(j, "count", gil.count);
	json_u64(j, "ns", gil.ns);
	json_end(j);
}

void task_json(struct json *j, const struct summary *sum, task_id id)
{
	const struct task *t = model_task(sum->model, id);
	uint64_t start_ns = model_window(sum->model).from_ns;

	json_u64(j, "id", id.i);
	json_u64(j, "tid", t->tid);
	json_u64(j, "pid", t->tgid);
	json_u64(j, "parent", t->ppid);
	json_str(j, "name", t->name);
	json_str(j, "path", t->path);
	put_role(j, sum, id);
	json_bool(j, "in_target", t->in_target);
	json_bool(j, "recorder", model_is_recorder(sum->model, id));
	json_bool(j, "kthread", t->kthread);
	json_i64(j, "born_ns", (int64_t)(t->born_ns - start_ns));
	json_i64(j, "died_ns", (int64_t)(t->died_ns - start_ns));
	json_bool(j, "born_here", t->born_here);
	json_bool(j, "died_here", t->died_here);
	put_counts(j, &sum->tasks[id.i]);
	put_slept(j, sum, &sum->tasks[id.i]);
	put_exit(j, t);
}
