/* SPDX-License-Identifier: GPL-2.0-only */
/* terminal.c - what the terminal can show, and how much of it. */
#define _GNU_SOURCE /* strcasestr */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/frame.h"

#define DEFAULT_COLUMNS 80
#define DEFAULT_ROWS 24
#define MIN_COLUMNS 20 /* nothing sensible can be drawn in fewer */
#define MAX_COLUMNS 10000

/* The value of a variable, "" when it is not set. */
static const char *env(const char *name)
{
	const char *value = getenv(name);

	return value ? value : "";
}

/* As the C library would decide it, without making the program depend on which locales are installed. */
static bool locale_is_utf8(void)
{
	static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (*env(names[i]))
			return strcasestr(env(names[i]), "utf-8") || strcasestr(env(names[i]), "utf8");
	return false;
}

static bool wants_color(int when, bool tty)
{
	if (when != COLOR_AUTO)
		return when == COLOR_ALWAYS;
	return tty && !*env("NO_COLOR") && *env("TERM") && strcmp(env("TERM"), "dumb");
}

/* What the environment says, if it makes sense; else what the terminal says; else the default. */
static unsigned extent(const char *name, unsigned min, unsigned of_terminal, unsigned otherwise)
{
	uint64_t v;

	if (!parse_u64(env(name), min, MAX_COLUMNS, &v, NULL))
		return (unsigned)v;
	return of_terminal >= min ? of_terminal : otherwise;
}

void terminal_detect(struct cmd_style *style, const struct common_cfg *common)
{
	struct winsize size = { 0 };

	style->tty = isatty(STDOUT_FILENO);
	if (style->tty)
		ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
	style->utf8 = !common->ascii && locale_is_utf8();
	style->color = wants_color(common->color, style->tty);
	style->columns = extent("COLUMNS", MIN_COLUMNS, size.ws_col, DEFAULT_COLUMNS);
	style->rows = extent("LINES", 1, size.ws_row, DEFAULT_ROWS);
}
