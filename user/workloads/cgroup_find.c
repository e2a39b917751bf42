/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cgroup_find.c - where this process stands in the hierarchies of control groups, of version 1 and 2.
 */
#include "workloads/cgroup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/file.h"

struct mounted {
	bool found, v2;
	char root[CGROUP_PATH], at[CGROUP_PATH]; /* which part of the hierarchy is seen, and where */
};

static const char *const names[] = { [CGROUP_CPU] = "cpu", [CGROUP_PIDS] = "pids" };

static bool has_word(const char *list, const char *word, const char *separators)
{
	size_t n = strlen(word);

	for (const char *at = list; *at; at += strcspn(at, separators), at += strspn(at, separators))
		if (!strncmp(at, word, n) && (!at[n] || strchr(separators, at[n])))
			return true;
	return false;
}

/* "36 35 0:30 ROOT AT options ... - TYPE SOURCE super-options"; proc(5). Version 1 wins: there the controller is. */
static void take_mount(struct mounted *m, char *line, const char *controller)
{
	char root[CGROUP_PATH], at[CGROUP_PATH], type[32], options[CGROUP_PATH];
	const char *rest = strstr(line, " - ");
	bool v2;

	if (!rest || sscanf(line, "%*s %*s %*s %1023s %1023s", root, at) != 2 ||
	    sscanf(rest, " - %31s %*s %1023s", type, options) != 2)
		return;
	v2 = !strcmp(type, "cgroup2");
	if (!v2 && (strcmp(type, "cgroup") || !has_word(options, controller, ",\n")))
		return;
	if (m->found && (!m->v2 || v2))
		return;
	*m = (struct mounted){ .found = true, .v2 = v2 };
	strcpy(m->root, root);
	strcpy(m->at, at);
}

/* The path of "N:controllers:PATH", or of "0::PATH". */
static bool take_own(char *line, bool v2, const char *controller, char *path)
{
	char *controllers = strchr(line, ':'), *own = controllers ? strchr(controllers + 1, ':') : NULL;

	if (!own)
		return false;
	*own++ = '\0';
	controllers++;
	if (v2 ? *controllers != '\0' : !has_word(controllers, controller, ","))
		return false;
	own[strcspn(own, "\n")] = '\0';
	snprintf(path, CGROUP_PATH, "%s", own);
	return true;
}

/* Call fn for the lines of a file until it returns true. */
static bool lines_until(const char *proc, const char *file, bool (*fn)(void *ctx, char *line), void *ctx)
{
	char path[CGROUP_PATH], *line = NULL;
	bool found = false;
	size_t cap = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", proc, file);
	f = fopen(path, "re");
	while (f && !found && getline(&line, &cap, f) > 0)
		found = fn(ctx, line);
	free(line);
	if (f)
		fclose(f);
	return found;
}

struct search {
	const char *controller;
	struct mounted mounted;
	char own[CGROUP_PATH];
};

static bool on_mount(void *ctx, char *line)
{
	struct search *s = ctx;

	take_mount(&s->mounted, line, s->controller);
	return false;
}

static bool on_own(void *ctx, char *line)
{
	struct search *s = ctx;

	return take_own(line, s->mounted.v2, s->controller, s->own);
}

static bool file_has(const char *dir, const char *file, const char *word)
{
	char path[CGROUP_PATH + 64], line[1024];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return file_read_line(path, line, sizeof(line)) && has_word(line, word, " ");
}

static bool file_is(const char *dir, const char *file)
{
	char path[CGROUP_PATH + 64];

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	return access(path, F_OK) == 0;
}

/* One step up, not above `top`. */
static bool step_up(char *dir, const char *top)
{
	char *slash = strrchr(dir, '/');

	if (!slash || (size_t)(slash - dir) < strlen(top))
		return false;
	*slash = '\0';
	return true;
}

/* Own group as a directory. A path that is not below what is mounted is another namespace's: then the mount's top. */
static int own_directory(const struct search *s, char *dir)
{
	size_t n = strlen(s->mounted.root);
	const char *below = s->own;

	if (n > 1)
		below = !strncmp(s->own, s->mounted.root, n) && (s->own[n] == '/' || !s->own[n]) ? s->own + n : "";
	if (!strncmp(below, "/..", 3) || !strcmp(below, "/"))
		below = "";
	return snprintf(dir, CGROUP_PATH, "%s%s", s->mounted.at, below) < CGROUP_PATH ? 0 : -ENAMETOOLONG;
}

/*
 * Of version 2: in the real root of a controller is who is in no group that has it; the real root of all has no
 * cgroup.type. Of version 1 only the real root has a release_agent.
 */
static int place_v2(struct cgroup_place *out, const struct search *s, char *dir, struct err *e)
{
	out->in_root = true;
	for (;;) {
		if (file_is(dir, "cgroup.type") && file_has(dir, "cgroup.controllers", s->controller))
			out->in_root = false;
		if (!*out->parent && file_has(dir, "cgroup.subtree_control", s->controller))
			strcpy(out->parent, dir);
		if (!step_up(dir, s->mounted.at))
			break;
	}
	if (*out->parent)
		return 0;
	return err_set(e, -ENOENT,
		       "no control group above this process hands its '%s' controller down - as root: "
		       "echo +%s > %.400s/cgroup.subtree_control",
		       s->controller, s->controller, s->mounted.at);
}

int cgroup_find(struct cgroup_place *out, enum cgroup_controller c, const char *proc, struct err *e)
{
	struct search s = { .controller = names[c] };
	char dir[CGROUP_PATH];

	*out = (struct cgroup_place){ .in_root = true };
	lines_until(proc, "mountinfo", on_mount, &s);
	if (!s.mounted.found || !lines_until(proc, "cgroup", on_own, &s))
		return err_set(e, -ENOENT, "no control group hierarchy with a '%s' controller is mounted", names[c]);
	if (own_directory(&s, dir) < 0)
		return err_set(e, -ENAMETOOLONG, "the path of this process's control group is too long");
	out->v2 = s.mounted.v2;
	if (out->v2)
		return place_v2(out, &s, dir, e);
	out->in_root = file_is(dir, "release_agent");
	strcpy(out->parent, dir);
	return 0;
}
