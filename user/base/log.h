/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * log.h - what -v shows: detail on standard error for whoever debugs, nothing else.
 *
 * Errors do not go here (err.h); results do not go here (cmd/ prints them).
 */
#ifndef SCHEDVIZ_BASE_LOG_H
#define SCHEDVIZ_BASE_LOG_H

#include <stdbool.h>

void log_set_verbose(bool on);
bool log_verbose(void);
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2))); /* one line; prefix "schedviz: " */

#endif
