/* SPDX-License-Identifier: GPL-2.0-only */
/* log.c - detail on standard error, each line with the program's name and nothing that a terminal would obey. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "base/buf.h"
#include "base/fmt.h"

static bool verbose;

void log_set_verbose(bool on)
{
	verbose = on;
}

bool log_verbose(void)
{
	return verbose;
}

void log_debug(const char *fmt, ...)
{
	struct buf text = { 0 }, safe = { 0 };
	const char *line;
	va_list ap;

	if (!verbose)
		return;
	va_start(ap, fmt);
	buf_vprintf(&text, fmt, ap);
	va_end(ap);
	/* libbpf hands over several lines at once: a verifier's log stays readable */
	for (line = buf_str(&text); *line; line += strspn(line, "\n")) {
		size_t len = strcspn(line, "\n");

		buf_puts(&safe, "schedviz: ");
		fmt_safe(&safe, line, len, true);
		buf_putc(&safe, '\n');
		line += len;
	}
	fputs(buf_str(&safe), stderr);
	buf_release(&safe);
	buf_release(&text);
}
