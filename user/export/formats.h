/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * formats.h - the rows of the table in export.c, each in a file of its own.
 */
#ifndef SCHEDVIZ_EXPORT_FORMATS_H
#define SCHEDVIZ_EXPORT_FORMATS_H

#include "export/export.h"

extern const struct exporter exporter_perfetto; /* perfetto.c: for ui.perfetto.dev; PERFETTO.md */
extern const struct exporter exporter_csv;	/* csv.c: spans, wakes, jobs as tables (RFC 4180) */
extern const struct exporter exporter_svg;	/* svg.c: a figure */
extern const struct exporter exporter_json;	/* lines.c: one JSON object a line; LINES.md */
extern const struct exporter exporter_html;	/* html.c: a page to look around in; html/DATA.md */

#endif
