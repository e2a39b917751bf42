/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * text_events.c - owns what a line of the text form says of an event.
 */
#include <string.h>
#include "base/fmt.h"
#include "trace/escape.h"
#include "trace/syscalls.h"
#include "trace/text_parser.h"

struct who {
	uint32_t tid;
	char comm[COMM_LEN];
	bool named; /* not "?" */
};

static void take_comm(struct parser *p, const char *s, size_t n, char comm[COMM_LEN])
{
	struct words *w = &p->words;

	memset(comm, 0, COMM_LEN);
	buf_reset(&p->word);
	if (!unescape(&p->word, s, n))
		words_fail(w, "has a backslash that begins no \\xNN in '%s'", s);
	if (p->word.len >= COMM_LEN)
		words_fail(w, "has a name longer than %d bytes in '%s'", COMM_LEN - 1, s);
	if (!w->why[0] && p->word.len)
		memcpy(comm, p->word.data, p->word.len);
}

/* NAME/TID, or "idle". The name may have slashes of its own. */
static void take_who(struct parser *p, struct who *who)
{
	const char *word = words_take(&p->words, "a task"), *slash = strrchr(word, '/');
	uint64_t tid = 0;

	*who = (struct who){ 0 };
	if (!strcmp(word, "idle"))
		return;
	if (!slash || slash == word || !word_is_number(slash + 1, UINT32_MAX, &tid)) {
		words_fail(&p->words, "has '%s' where a task should be, as NAME/TID", word);
		return;
	}
	who->tid = (uint32_t)tid;
	who->named = strncmp(word, "?/", 2) != 0;
	take_comm(p, word, (size_t)(slash - word), who->comm);
}

static void declare(struct parser *p, uint32_t tid)
{
	idmap_set(&p->declared, tid, 1);
}

/* A task that is mentioned; if nobody has introduced it, it was there, in this state, when the recording began. */
static uint32_t take_tid(struct parser *p, const struct event *ev, char state)
{
	struct event task = { .kind = EV_TASK, .cpu = ev->cpu };
	struct who who;

	take_who(p, &who);
	if (!who.tid || !who.named || p->words.why[0] || idmap_get(&p->declared, who.tid) != IDMAP_NONE)
		return who.tid;
	task.task.tid = task.task.tgid = who.tid;
	task.task.ppid = 1;
	task.task.cpu = ev->cpu;
	task.task.state = state;
	task.task.prio = TEXT_PRIO;
	task.task.syscall = EV_NO_SYSCALL;
	memcpy(task.task.comm, who.comm, COMM_LEN);
	*vec_push(&p->events) = task;
	declare(p, who.tid);
	return who.tid;
}

/* Optional things: the default when the next word is not `key`. */
static uint64_t take_keyed(struct parser *p, const char *key, uint64_t max, uint64_t absent)
{
	return words_take_if(&p->words, key) ? words_number(&p->words, key, max) : absent;
}

static uint32_t take_keyed_id(struct parser *p, const char *key, uint32_t absent)
{
	return (uint32_t)take_keyed(p, key, UINT32_MAX, absent);
}

static uint32_t take_cpu(struct parser *p)
{
	return (uint32_t)words_number(&p->words, "a cpu", CPUSET_MAX_CPU);
}

static event_prio take_prio(struct parser *p)
{
	return words_take_if(&p->words, "prio") ? words_prio(&p->words) : TEXT_PRIO;
}

static uint32_t take_by(struct parser *p, const struct event *ev)
{
	return words_take_if(&p->words, "by") ? take_tid(p, ev, 'R') : 0;
}

/* sys_N, ia32_N or a name of this architecture's table. */
static int32_t number_of_syscall(struct parser *p, const char *name)
{
	const char *arch = facts_get(p->facts, "arch");
	int32_t nr = syscall_number(arch ? arch : TEXT_ARCH, name);
	uint64_t v = 0;

	if (nr >= 0)
		return nr;
	if (!strncmp(name, "sys_", 4) && word_is_number(name + 4, EV_SYSCALL_IA32 - 1, &v))
		return (int32_t)v;
	if (!strncmp(name, "ia32_", 5) && word_is_number(name + 5, EV_SYSCALL_IA32 - 1, &v))
		return (int32_t)v | EV_SYSCALL_IA32;
	words_fail(&p->words, "has '%s' where a system call should be, as read(0x3) or sys_0(0x3)", name);
	return EV_NO_SYSCALL;
}

/* What is between the parentheses of NAME(ARG); `open` is the first of them. */
static uint64_t take_arg(struct parser *p, const char *open)
{
	size_t n = strlen(open + 1);
	uint64_t arg = 0;

	buf_reset(&p->word);
	buf_put(&p->word, open + 1, n ? n - 1 : 0);
	if (!n || open[n] != ')' || !word_is_number(buf_str(&p->word), UINT64_MAX, &arg))
		words_fail(&p->words, "has '%s' behind a system call, where (0x3) or the like should be", open);
	return arg;
}

/* "?" or NAME or NAME(ARG), if any word is left before "->". */
static int32_t take_syscall(struct parser *p, uint64_t *arg)
{
	const char *word = words_peek(&p->words), *open = strchr(word, '(');

	*arg = 0;
	if (!*word || !strcmp(word, "->"))
		return EV_NO_SYSCALL;
	p->words.at++;
	if (!strcmp(word, "?"))
		return EV_SYSCALL_UNKNOWN;
	if (open)
		*arg = take_arg(p, open);
	buf_reset(&p->word);
	buf_put(&p->word, word, open ? (size_t)(open - word) : strlen(word));
	return number_of_syscall(p, buf_str(&p->word));
}

/* R, S ... or raw bits, with a plus when preempted; R and nothing taken when the next word is none of these. */
static void take_state(struct parser *p, struct event *ev)
{
	const char *word = words_peek(&p->words);
	const struct text_state *s = text_state_of_letter(word[0]);
	size_t n = strlen(word);
	uint64_t raw = 0;

	if (s && (!word[1] || !strcmp(word + 1, "+")))
		raw = s->raw;
	else if (n < 3 || strncmp(word, "0x", 2))
		return;
	buf_reset(&p->word);
	buf_put(&p->word, word, n);
	p->words.at++;
	if (word[n - 1] == '+') {
		ev->sw.preempted = 1;
		p->word.data[n - 1] = '\0';
	}
	if (!s && !word_is_number(p->word.data, UINT32_MAX, &raw))
		words_fail(&p->words, "has '%s' where a state should be", word);
	ev->sw.prev_state = (uint32_t)raw;
}

static void take_task(struct parser *p, struct event *ev)
{
	const char *state;
	struct who who;

	take_who(p, &who);
	declare(p, who.tid);
	memcpy(ev->task.comm, who.comm, COMM_LEN);
	ev->task.tid = who.tid;
	ev->task.tgid = take_keyed_id(p, "tgid", who.tid);
	ev->task.ppid = take_keyed_id(p, "ppid", 1);
	state = words_take_if(&p->words, "state") ? words_take(&p->words, "a state") : "S";
	if (!state[0] || state[1])
		words_fail(&p->words, "has '%s' where a state should be, a letter of /proc/PID/stat", state);
	ev->task.state = state[0];
	ev->task.cpu = words_take_if(&p->words, "on") ? take_cpu(p) : ev->cpu;
	ev->task.prio = take_prio(p);
	ev->task.kthread = words_take_if(&p->words, "kthread");
	ev->task.syscall = take_syscall(p, &ev->task.arg);
}

static void take_fork(struct parser *p, struct event *ev)
{
	struct who child;

	ev->fork.parent_tid = take_tid(p, ev, 'R');
	words_want(&p->words, "->");
	take_who(p, &child);
	declare(p, child.tid);
	memcpy(ev->fork.comm, child.comm, COMM_LEN);
	ev->fork.tid = child.tid;
	ev->fork.tgid = take_keyed_id(p, "tgid", child.tid);
	ev->fork.parent_tgid = take_keyed_id(p, "ptgid", ev->fork.parent_tid);
	ev->fork.flags = take_keyed(p, "flags", UINT64_MAX, 0);
	ev->fork.kthread = words_take_if(&p->words, "kthread");
}

static void take_path(struct parser *p, struct event *ev)
{
	const char *word = words_peek(&p->words);
	size_t n = strlen(word);

	buf_reset(&p->word);
	if (n) {
		p->words.at++;
		if (n < 2 || word[0] != '"' || word[n - 1] != '"' || !unescape(&p->word, word + 1, n - 2))
			words_fail(&p->words, "has '%s' where a path should be, in double quotes", word);
	}
	ev->exec.path = intern(p->paths, buf_str(&p->word));
}

static void take_exec(struct parser *p, struct event *ev)
{
	struct who who;

	take_who(p, &who);
	declare(p, who.tid);
	memcpy(ev->exec.comm, who.comm, COMM_LEN);
	ev->exec.tid = who.tid;
	ev->exec.tgid = take_keyed_id(p, "tgid", who.tid);
	ev->exec.old_tid = take_keyed_id(p, "old", who.tid);
	take_path(p, ev);
}

static void take_rename(struct parser *p, struct event *ev)
{
	const char *name;

	ev->rename.tid = take_tid(p, ev, 'R');
	name = words_take(&p->words, "a name");
	take_comm(p, name, strlen(name), ev->rename.comm);
}

static void take_mark(struct parser *p, struct event *ev)
{
	ev->mark.tid = take_tid(p, ev, 'R');
	ev->mark.what = (uint8_t)words_choice(&p->words, "a mark", text_mark_names);
	ev->mark.job = words_number(&p->words, "a job", UINT64_MAX);
	ev->mark.arg = take_keyed(p, "arg", UINT64_MAX, 0);
}

/* The set is kept by the text that is read, where events do not move it. */
static void take_allowed(struct parser *p, struct event *ev)
{
	struct cpuset set = { 0 };
	const char *list;

	ev->allowed.tid = take_tid(p, ev, 'R');
	list = words_take(&p->words, "a list of CPUs");
	if (p->words.why[0])
		return;
	if (cpuset_parse(&set, list, NULL) < 0 || !cpuset_count(&set))
		words_fail(&p->words, "has '%s' where a list of CPUs should be, as 0-3,8", list);
	ev->allowed.nr_known = (uint32_t)take_keyed(p, "of", CPUSET_MAX_CPU + 1, 0);
	ev->allowed.set = set;
	*vec_push(&p->out->sets) = set;
}

static void take_offline(struct parser *p, struct event *ev)
{
	(void)p;
	ev->hotplug.online = false;
}

static void take_online(struct parser *p, struct event *ev)
{
	(void)p;
	ev->hotplug.online = true;
}

static void take_lost(struct parser *p, struct event *ev)
{
	ev->lost.count = words_number(&p->words, "a count", UINT64_MAX);
	ev->lost.from_ns = words_take_if(&p->words, "since") ? words_time(&p->words) : ev->ts_ns;
}

static void take_current(struct parser *p, struct event *ev)
{
	ev->current.tid = take_tid(p, ev, 'R');
	ev->current.prio = take_prio(p);
}

static void take_waking(struct parser *p, struct event *ev)
{
	ev->waking.tid = take_tid(p, ev, 'S');
	ev->waking.waker_tid = take_by(p, ev);
	if (words_take_if(&p->words, "in"))
		ev->waking.ctx = (uint8_t)words_choice(&p->words, "a context", text_ctx_names);
	ev->waking.prio = take_prio(p);
}

static void take_wakeup_new(struct parser *p, struct event *ev)
{
	ev->wakeup_new.tid = take_tid(p, ev, 'R');
	ev->wakeup_new.target_cpu = words_take_if(&p->words, "on") ? take_cpu(p) : ev->cpu;
	ev->wakeup_new.parent_tid = take_by(p, ev);
	ev->wakeup_new.prio = take_prio(p);
}

static void take_migrate(struct parser *p, struct event *ev)
{
	ev->migrate.tid = take_tid(p, ev, 'R');
	ev->migrate.from_cpu = take_cpu(p);
	words_want(&p->words, "->");
	ev->migrate.to_cpu = take_cpu(p);
	ev->migrate.by_tid = take_by(p, ev);
	ev->migrate.prio = take_prio(p);
}

static void take_switch(struct parser *p, struct event *ev)
{
	static const char *const parities[] = { [NVCSW_EVEN] = "even", [NVCSW_ODD] = "odd", NULL };

	ev->sw.prev_tid = take_tid(p, ev, 'R');
	take_state(p, ev);
	ev->sw.syscall = take_syscall(p, &ev->sw.arg);
	words_want(&p->words, "->");
	ev->sw.next_tid = take_tid(p, ev, 'R');
	ev->sw.prev_prio = ev->sw.next_prio = take_prio(p);
	if (words_take_if(&p->words, "->"))
		ev->sw.next_prio = words_prio(&p->words);
	ev->sw.nvcsw = NVCSW_UNKNOWN;
	if (words_take_if(&p->words, "nvcsw"))
		ev->sw.nvcsw = (uint8_t)words_choice(&p->words, "a parity", parities);
}

static void take_exit(struct parser *p, struct event *ev)
{
	ev->exit.tid = take_tid(p, ev, 'R');
	ev->exit.tgid = take_keyed_id(p, "tgid", ev->exit.tid);
	ev->exit.code = (int32_t)(uint32_t)take_keyed(p, "code", UINT32_MAX, 0);
	ev->exit.group_dead = words_take_if(&p->words, "last");
}

static const struct {
	enum event_kind kind;
	void (*take)(struct parser *p, struct event *ev);
} verbs[] = {
	{ EV_TASK, take_task },	      { EV_FORK, take_fork },		  { EV_EXEC, take_exec },
	{ EV_RENAME, take_rename },   { EV_MARK, take_mark },		  { EV_LOST, take_lost },
	{ EV_CURRENT, take_current }, { EV_WAKING, take_waking },	  { EV_WAKEUP_NEW, take_wakeup_new },
	{ EV_MIGRATE, take_migrate }, { EV_SWITCH, take_switch },	  { EV_EXIT, take_exit },
	{ EV_CPU, take_online },      { EV_CPU, take_offline },		  { EV_ALLOWED, take_allowed },
};

static const char *const verb_names[] = { "task",   "fork",	  "exec",    "rename", "mark", "lost",	 "current",
					  "waking", "wakeup_new", "migrate", "switch", "exit", "online", "offline",
					  "allowed", NULL };

void text_take_event(struct parser *p)
{
	struct words *w = &p->words;
	struct event ev = { .ts_ns = words_time(w) };
	const char *cpu;
	uint64_t nr = 0;
	unsigned verb;

	if (words_take_if(w, "end")) {
		p->has_end = true;
		p->end_ns = ev.ts_ns;
		return;
	}
	cpu = words_take(w, "a cpu");
	if (strncmp(cpu, "cpu", 3) || !word_is_number(cpu + 3, CPUSET_MAX_CPU, &nr))
		words_fail(w, "has '%s' where a cpu should be, as cpu0", cpu);
	ev.cpu = (uint32_t)nr;
	verb = words_choice(w, "an event", verb_names);
	if (w->why[0])
		return;
	ev.kind = (uint8_t)verbs[verb].kind;
	verbs[verb].take(p, &ev);
	*vec_push(&p->events) = ev;
}
