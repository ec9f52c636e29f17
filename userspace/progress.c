// SPDX-License-Identifier: Apache-2.0
#include "progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define BAR 30 /* characters */

static bool alone;

void progress_alone(void)
{
	alone = true;
}

static void show(double share, double spent_s)
{
	char bar[BAR + 1];
	double left_s = share > 0 ? spent_s * (1 - share) / share : 0;

	for (unsigned int i = 0; i < BAR; i++)
		bar[i] = i < share * BAR ? '#' : '.';
	bar[BAR] = '\0';
	fprintf(stderr, "\r%s %3.0f %%, %.0f s left  ", bar, share * 100, left_s);
}

void progress(uint64_t done, uint64_t total)
{
	static struct timespec began, told;
	static bool shown;
	struct timespec now;

	if (!isatty(STDERR_FILENO) || (isatty(STDOUT_FILENO) && !alone))
		return;
	if (!total) {
		if (shown)
			fprintf(stderr, "\r%*s\r", BAR + 40, "");
		shown = false;
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (!began.tv_sec)
		began = now;
	if (now.tv_sec == began.tv_sec || now.tv_sec == told.tv_sec)
		return;
	told = now;
	shown = true;
	show(done >= total ? 1 : (double)done / (double)total,
	     (double)(now.tv_sec - began.tv_sec) + (double)(now.tv_nsec - began.tv_nsec) / 1e9);
}
