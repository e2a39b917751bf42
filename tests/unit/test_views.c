/* SPDX-License-Identifier: GPL-2.0-only */
/* test_views.c - windows, filters and exit codes of the reading commands. */
#include "unit/test.h"

#include <unistd.h>
#include "cmd/views.h"

static const char sound[] = "schedviz-text 1\n"
			    "cpus 1\n"
			    "0ms cpu0 task web/10 tgid 10 ppid 1 state R on 0 prio 120\n"
			    "0ms cpu0 current web/10\n"
			    "60ms cpu0 switch web/10 S read(0x3) -> idle/0\n"
			    "100ms end\n";
static const char lossy[] = "schedviz-text 1\n"
			    "cpus 1\n"
			    "0ms cpu0 task web/10 tgid 10 ppid 1 state R on 0 prio 120\n"
			    "0ms cpu0 current web/10\n"
			    "60ms cpu0 lost 17 since 50ms\n"
			    "100ms end\n";

static char path[256];

static void write_trace(const char *text)
{
	FILE *f;
	int fd;

	snprintf(path, sizeof(path), "%s/views.XXXXXX", getenv("TEST_TMP") ? getenv("TEST_TMP") : "/tmp");
	fd = mkstemp(path);
	CHECK(fd >= 0 && (f = fdopen(fd, "w")));
	CHECK(fputs(text, f) >= 0 && fclose(f) == 0);
}

/* Open `sound` with these windows; the exit code, and on success the window relative to the start in *out. */
static int opened(struct view_cfg cfg, struct window *out, struct err *e)
{
	struct view v;
	int ret;

	write_trace(sound);
	ret = view_open(&v, path, &cfg, e);
	if (ret == EXIT_FINE) {
		uint64_t start_ns = trace_reader_window(v.reader).from_ns;

		*out = (struct window){ v.window.from_ns - start_ns, v.window.to_ns - start_ns };
	}
	view_close(&v);
	unlink(path);
	return ret;
}

static struct view_cfg whole(void)
{
	struct view_cfg cfg;

	view_defaults(&cfg);
	return cfg;
}

TEST(view_without_options_is_all_of_it)
{
	struct window w;
	struct err e = { 0 };

	CHECK_U64(opened(whole(), &w, &e), EXIT_FINE);
	CHECK_U64(w.from_ns, 0);
	CHECK_U64(w.to_ns, 100 * NSEC_PER_MSEC);
}

TEST(view_window_is_cut_to_the_recording)
{
	struct view_cfg cfg = whole();
	struct window w;
	struct err e = { 0 };

	cfg.window = (struct window){ 20 * NSEC_PER_MSEC, 900 * NSEC_PER_MSEC };
	CHECK_U64(opened(cfg, &w, &e), EXIT_FINE);
	CHECK_U64(w.from_ns, 20 * NSEC_PER_MSEC);
	CHECK_U64(w.to_ns, 100 * NSEC_PER_MSEC);
}

TEST(view_from_and_to_are_the_window)
{
	struct view_cfg cfg = whole();
	struct window w;
	struct err e = { 0 };

	cfg.from_ns = 10 * NSEC_PER_MSEC;
	CHECK_U64(opened(cfg, &w, &e), EXIT_FINE);
	CHECK_U64(w.from_ns, 10 * NSEC_PER_MSEC);
	CHECK_U64(w.to_ns, 100 * NSEC_PER_MSEC);
	cfg.to_ns = 11 * NSEC_PER_MSEC;
	CHECK_U64(opened(cfg, &w, &e), EXIT_FINE);
	CHECK_U64(w.to_ns, 11 * NSEC_PER_MSEC);
}

TEST(view_refuses_contradictory_windows)
{
	struct view_cfg cfg = whole();
	struct window w;
	struct err e = { 0 };

	cfg.from_ns = 10;
	cfg.to_ns = 10;
	CHECK_U64(opened(cfg, &w, &e), EXIT_USAGE);
	CHECK_STR(e.text, "--from must be before --to");
	cfg.to_ns = 20;
	cfg.window.from_ns = 5;
	CHECK_U64(opened(cfg, &w, &e), EXIT_USAGE);
	CHECK_STR(e.text, "--window cannot be used together with --from or --to");
}

TEST(view_names_the_span_when_the_window_is_outside)
{
	struct view_cfg cfg = whole();
	struct window w;
	struct err e = { 0 };

	cfg.window = (struct window){ NSEC_PER_SEC, 2 * NSEC_PER_SEC };
	CHECK_U64(opened(cfg, &w, &e), EXIT_FAILED);
	CHECK_STR(e.text, "the window begins at 1.000s, but the recording spans only 0..100ms");
}

static int summarised(const char *text, const char *tasks, bool strict, struct err *e)
{
	struct view_cfg cfg = whole();
	struct summary sum = { 0 };
	struct model *m = NULL;
	struct view v;
	int ret;

	cfg.tasks = tasks;
	write_trace(text);
	ret = view_open(&v, path, &cfg, e);
	if (ret == EXIT_FINE)
		ret = view_summarise(&v, &cfg, &sum, &m, e);
	if (ret == EXIT_FINE)
		ret = view_verdict(&v, m, strict);
	summary_release(&sum);
	model_free(m);
	view_close(&v);
	unlink(path);
	return ret;
}

TEST(view_with_losses_fails_only_when_strict)
{
	struct err e = { 0 };

	CHECK_U64(summarised(sound, NULL, true, &e), EXIT_FINE);
	CHECK_U64(summarised(lossy, NULL, false, &e), EXIT_FINE);
	CHECK_U64(summarised(lossy, NULL, true, &e), EXIT_DAMAGED);
}

TEST(view_of_nobody_is_an_error)
{
	struct err e = { 0 };

	CHECK_U64(summarised(sound, "w*", false, &e), EXIT_FINE);
	CHECK_U64(summarised(sound, "nobody", false, &e), EXIT_FAILED);
	CHECK_STR(e.text, "no task matches 'nobody' - 'schedviz stat --all' lists them");
}

TEST_MAIN
