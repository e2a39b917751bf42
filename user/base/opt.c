/* SPDX-License-Identifier: GPL-2.0-only */
/* opt.c - walking a command line by the rows of tables, and filling the structs they describe. */
#include "base/opt.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/alloc.h"
#include "base/vec.h"

/* ---- values ---- */

static int set_flag(const struct opt *o, void *field, const char *value, struct err *e)
{
	(void)o;
	(void)value;
	(void)e;
	*(bool *)field = true;
	return 0;
}

static int set_alias(const struct opt *o, void *field, const char *value, struct err *e)
{
	(void)value;
	(void)e;
	*(int *)field = (int)o->min;
	return 0;
}

static int parse_any_u64(const char *s, uint64_t *out, struct err *e)
{
	return parse_u64(s, 0, UINT64_MAX, out, e);
}

static void put_u64(struct buf *out, uint64_t v)
{
	buf_printf(out, "%" PRIu64, v);
}

/* How the numbers of a type are read, and how their limits are written. */
static const struct number {
	int (*parse)(const char *s, uint64_t *out, struct err *e);
	void (*put)(struct buf *out, uint64_t v);
} numbers[] = {
	[OPT_T_U64] = { parse_any_u64, put_u64 },
	[OPT_T_DURATION] = { parse_duration, fmt_duration_arg },
	[OPT_T_SIZE] = { parse_size, fmt_size_arg },
};

static int refuse_number(const struct opt *o, const char *value, int why, const struct err *said, struct err *e)
{
	struct buf limits = { 0 };
	int ret;

	buf_puts(&limits, o->max == UINT64_MAX ? "at least " : "from ");
	numbers[o->type].put(&limits, o->min);
	if (o->max != UINT64_MAX) {
		buf_puts(&limits, " to ");
		numbers[o->type].put(&limits, o->max);
	}
	if (why == -EINVAL)
		ret = err_set(e, -EINVAL, "--%s must be %s: %s", o->name, buf_str(&limits), said->text);
	else
		ret = err_set(e, -EINVAL, "--%s must be %s, not %s", o->name, buf_str(&limits), value);
	buf_release(&limits);
	return ret;
}

static int set_number(const struct opt *o, void *field, const char *value, struct err *e)
{
	struct err said = { 0 };
	uint64_t v = 0;
	int ret = numbers[o->type].parse(value, &v, &said);

	if (ret < 0 || v < o->min || v > o->max)
		return refuse_number(o, value, ret, &said, e);
	*(uint64_t *)field = v;
	return 0;
}

static int set_window(const struct opt *o, void *field, const char *value, struct err *e)
{
	struct err said = { 0 };

	if (parse_window(value, field, &said) < 0)
		return err_set(e, -EINVAL, "--%s: %s", o->name, said.text);
	return 0;
}

static int set_window_side(const struct opt *o, void *field, const char *value, struct err *e)
{
	struct window *w = field;
	struct err said = { 0 };

	if (!w->to_ns)
		w->to_ns = UINT64_MAX;
	if (parse_duration(value, o->type == OPT_T_FROM ? &w->from_ns : &w->to_ns, &said) < 0)
		return err_set(e, -EINVAL, "--%s: %s", o->name, said.text);
	if (w->from_ns >= w->to_ns)
		return err_set(e, -EINVAL, "--%s %s leaves nothing to see: the window must begin before it ends",
			       o->name, value);
	return 0;
}

static int set_string(const struct opt *o, void *field, const char *value, struct err *e)
{
	if (!*value)
		return err_set(e, -EINVAL, "--%s must not be empty", o->name);
	*(const char **)field = value;
	return 0;
}

static int set_choice(const struct opt *o, void *field, const char *value, struct err *e)
{
	struct buf all = { 0 };
	int i, ret;

	for (i = 0; o->choices[i]; i++) {
		if (!strcmp(o->choices[i], value)) {
			*(int *)field = i;
			return 0;
		}
	}
	for (i = 0; o->choices[i]; i++) {
		if (i)
			buf_puts(&all, o->choices[i + 1] ? ", " : " or ");
		buf_puts(&all, o->choices[i]);
	}
	ret = err_set(e, -EINVAL, "--%s must be %s, not '%s'", o->name, buf_str(&all), value);
	buf_release(&all);
	return ret;
}

static int set_list(const struct opt *o, void *field, const char *value, struct err *e)
{
	struct opt_list *l = field;

	if (!*value)
		return err_set(e, -EINVAL, "--%s must not be empty", o->name);
	l->v = xrealloc(l->v, l->n + 1, sizeof(*l->v));
	l->v[l->n++] = value;
	return 0;
}

static const struct type {
	bool takes_value;
	int (*set)(const struct opt *o, void *field, const char *value, struct err *e);
} types[] = {
	[OPT_T_FLAG] = { false, set_flag },
	[OPT_T_U64] = { true, set_number },
	[OPT_T_DURATION] = { true, set_number },
	[OPT_T_SIZE] = { true, set_number },
	[OPT_T_WINDOW] = { true, set_window },
	[OPT_T_FROM] = { true, set_window_side },
	[OPT_T_TO] = { true, set_window_side },
	[OPT_T_STRING] = { true, set_string },
	[OPT_T_CHOICE] = { true, set_choice },
	[OPT_T_LIST] = { true, set_list },
	[OPT_T_ALIAS] = { false, set_alias },
};

bool opt_takes_value(const struct opt *o)
{
	return types[o->type].takes_value;
}

void opt_list_release(struct opt_list *l)
{
	free(l->v);
	*l = (struct opt_list){ 0 };
}

void opt_release(const struct opt *opts, void *cfg)
{
	for (; opts->type != OPT_T_END; opts++)
		if (opts->type == OPT_T_LIST)
			opt_list_release((struct opt_list *)((char *)cfg + opts->offset));
}

/* ---- walking the line ---- */

struct scan {
	const struct opt_group *groups;
	size_t nr;
	int argc, at;
	char **argv;
	const char *letters; /* of a bundle: those still to come */
	bool words_only;
};

/* What the walk found: a word, or an option with its value. */
struct item {
	const char *word;
	const struct opt *opt;
	const char *value;
	void *cfg;
};

/* The row with this name of `len` bytes, or this letter when the name is NULL. */
static bool find_opt(const struct scan *s, char letter, const char *name, size_t len, struct item *it)
{
	for (size_t g = 0; g < s->nr; g++) {
		for (const struct opt *o = s->groups[g].opts; o->type != OPT_T_END; o++) {
			if (name ? strncmp(o->name, name, len) || o->name[len] : o->letter != letter)
				continue;
			it->opt = o;
			it->cfg = s->groups[g].cfg;
			return true;
		}
	}
	return false;
}

static const char *nearest_name(const struct scan *s, const char *name)
{
	VEC(const char *) names = { 0 };
	const char *near;

	for (size_t g = 0; g < s->nr; g++)
		for (const struct opt *o = s->groups[g].opts; o->type != OPT_T_END; o++)
			if (o->help)
				*vec_push(&names) = o->name;
	*vec_push(&names) = NULL;
	near = fmt_nearest(name, names.v);
	vec_release(&names);
	return near;
}

/* `name`, `len` bytes of it, stands behind the dashes of `arg`. */
static int unknown_option(const struct scan *s, const char *arg, const char *name, size_t len, struct err *e)
{
	char *alone = xstrndup(name, len);
	const char *near = nearest_name(s, alone);

	free(alone);
	len += (size_t)(name - arg);
	if (near)
		return err_set(e, -EINVAL, "unknown option '%.*s' - did you mean '--%s'?", (int)len, arg, near);
	return err_set(e, -EINVAL, "unknown option '%.*s'", (int)len, arg);
}

/* The value of it->opt: `attached` to it, or else the next argument. */
static int take_value(struct scan *s, const char *attached, struct item *it, struct err *e)
{
	if (attached) {
		it->value = attached;
		return 1;
	}
	if (s->at >= s->argc)
		return err_set(e, -EINVAL, "--%s needs a value: --%s %s", it->opt->name, it->opt->name,
			       it->opt->arg ? it->opt->arg : "VALUE");
	it->value = s->argv[s->at++];
	return 1;
}

/* "-workers": a dash too few is more likely than the letters it would be. */
static bool is_name_with_one_dash(const struct scan *s, const char *name)
{
	struct item it;

	return name[1] && find_opt(s, 0, name, strcspn(name, "="), &it);
}

static int scan_letter(struct scan *s, struct item *it, struct err *e)
{
	const char *arg = s->argv[s->at - 1], *letter = s->letters, *rest = letter + 1;
	bool first = letter == arg + 1;

	s->letters = rest;
	if (first && is_name_with_one_dash(s, letter))
		return unknown_option(s, arg, letter, strcspn(letter, "="), e);
	if (!find_opt(s, *letter, NULL, 0, it)) {
		s->letters = NULL;
		return first ? unknown_option(s, arg, letter, strlen(letter), e)
			     : err_set(e, -EINVAL, "unknown option '-%c' in '%s'", *letter, arg);
	}
	if (!opt_takes_value(it->opt))
		return 1;
	s->letters = NULL;
	return take_value(s, *rest ? rest : NULL, it, e);
}

static int scan_name(struct scan *s, struct item *it, struct err *e)
{
	const char *arg = s->argv[s->at - 1], *name = arg + 2;
	size_t len = strcspn(name, "=");
	const char *attached = name[len] ? name + len + 1 : NULL;

	if (!find_opt(s, 0, name, len, it))
		return unknown_option(s, arg, name, len, e);
	if (opt_takes_value(it->opt))
		return take_value(s, attached, it, e);
	if (attached)
		return err_set(e, -EINVAL, "--%s takes no value", it->opt->name);
	return 1;
}

/* 1: an item, 0: the end, negative: an error. */
static int scan_next(struct scan *s, struct item *it, struct err *e)
{
	const char *arg;

	*it = (struct item){ 0 };
	if (s->letters && *s->letters)
		return scan_letter(s, it, e);
	if (s->at < s->argc && !s->words_only && !strcmp(s->argv[s->at], "--")) {
		s->words_only = true;
		s->at++;
	}
	if (s->at >= s->argc)
		return 0;
	arg = s->argv[s->at++];
	if (s->words_only || arg[0] != '-' || !arg[1]) {
		it->word = arg;
		return 1;
	}
	if (arg[1] == '-')
		return scan_name(s, it, e);
	s->letters = arg + 1;
	return scan_letter(s, it, e);
}

int opt_parse(const struct opt_group *groups, size_t nr, int argc, char **argv, enum opt_order order, struct err *e)
{
	struct scan s = { .groups = groups, .nr = nr, .argc = argc, .argv = argv };
	struct item it;
	int ret, words = 0;

	while ((ret = scan_next(&s, &it, e)) > 0) {
		if (!it.opt) {
			argv[words++] = argv[s.at - 1];
			s.words_only = s.words_only || order == OPT_STOP_AT_WORD;
			continue;
		}
		ret = types[it.opt->type].set(it.opt, (char *)it.cfg + it.opt->offset, it.value, e);
		if (ret < 0)
			return ret;
	}
	if (words < argc)
		argv[words] = NULL;
	return ret < 0 ? ret : words;
}

int opt_find_word(const struct opt_group *groups, size_t nr, int argc, char **argv, struct err *e)
{
	struct scan s = { .groups = groups, .nr = nr, .argc = argc, .argv = argv };
	struct item it;
	int ret;

	while ((ret = scan_next(&s, &it, e)) > 0)
		if (it.word)
			return s.at - 1;
	return ret < 0 ? ret : argc;
}
