// SPDX-License-Identifier: Apache-2.0
/* The map: containers at the left, what they reached at the right, and between them the wall, open where it was crossed. */
#include <inttypes.h>
#include <stdlib.h>

#include "story/page.h"

/* In units of the drawing; one column of text is about 7 of them. */
enum {
	WIDTH = 1040,
	EDGE = 12,
	LEFT = 236,  /* width of a container's box */
	WALL = 296,  /* where the wall is */
	RIGHT = 648, /* where the boxes of owners begin */
	HEAD = 48,   /* above the first row of a box */
	ROW = 54,
	GAP = 20,  /* between boxes */
	HOLE = 13, /* half of an opening in the wall */
	BOX_COLUMNS = 28,
	WAY_COLUMNS = 48,
	THING_COLUMNS = 46,
};

static uint64_t id_of(const Warder__V1__Workload *w)
{
	return w ? w->origin_id : 0;
}

/* Who it is, in at most so many columns in all. */
static void say_workload(struct pen *p, unsigned int columns, const Warder__V1__Workload *w)
{
	struct pen whole = {.kind = &pen_bytes};
	char *bytes = NULL;
	size_t n = 0;

	whole.out = open_memstream(&bytes, &n);
	if (!whole.out)
		return;
	words_workload(&whole, w);
	fclose(whole.out);
	p->max = columns;
	pen_put(p, bytes, n);
	free(bytes);
}

/* How many from here are of one who and one owner: a box at the right. */
static size_t run(const struct story *s, size_t from)
{
	const struct story_crossing *c = &s->crossings[from];
	size_t n = 1;

	while (from + n < s->n_crossings && s->crossings[from + n].owner == c->owner &&
	       id_of(s->crossings[from + n].whose) == id_of(c->whose) && id_of(s->crossings[from + n].who) == id_of(c->who))
		n++;
	return n;
}

static int height_of(size_t rows)
{
	return HEAD + (int)rows * ROW;
}

static void say_owner_box(struct pen *p, const struct story *s, const struct story_crossing *c, int y, int height)
{
	pen_say(p,
		"<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n<text class=\"name\" x=\"%d\" y=\"%d\">",
		RIGHT, y, WIDTH - EDGE - RIGHT, height, RIGHT + 20, y + 28);
	p->max = BOX_COLUMNS;
	if (c->owner == WARDER__V1__OWNER__KIND__OWNER_HOST) {
		pen_say(p, "Host ");
		pen_str(p, s->on ? s->on->name : NULL);
	} else if (c->owner == WARDER__V1__OWNER__KIND__OWNER_CONTAINER) {
		pen_say(p, "Container ");
		say_workload(p, BOX_COLUMNS, c->whose);
	} else {
		pen_say(p, "An unknown owner");
	}
	pen_say(p, "</text>\n");
}

static void say_who_box(struct pen *p, const Warder__V1__Workload *w, int y, int height)
{
	pen_say(p,
		"<rect class=\"box\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n<text class=\"name\" x=\"%d\" y=\"%d\">",
		EDGE, y, LEFT, height, EDGE + 16, y + 28);
	say_workload(p, BOX_COLUMNS - 2, w);
	pen_say(p, "</text>\n");
	if (!w || !w->container)
		return;
	pen_say(p, "<text class=\"small\" x=\"%d\" y=\"%d\">", EDGE + 16, y + 48);
	p->max = BOX_COLUMNS;
	pen_str(p, w->container->runtime);
	pen_say(p, " container</text>\n");
	if (!w->container->image || !*w->container->image->ref)
		return;
	pen_say(p, "<text class=\"small\" x=\"%d\" y=\"%d\">", EDGE + 16, y + 66);
	p->max = BOX_COLUMNS + 4;
	pen_str(p, w->container->image->ref);
	pen_say(p, "</text>\n");
}

/* From the container to the object through the wall, or to the wall where that held. */
static void say_crossing(struct pen *p, const struct story_crossing *c, int y)
{
	int end = c->succeeded ? RIGHT - 2 : WALL - 8;

	pen_say(p, "<g class=\"%s\"><path class=\"way%s\" d=\"M%d %dH%d\"/>", words_stage(c->stage),
		c->succeeded ? "" : " held", EDGE + LEFT, y, end);
	if (c->succeeded)
		pen_say(p, "<path class=\"tip\" d=\"M%d %dl-9 -5v10z\"/>", RIGHT, y);
	else
		pen_say(p, "<path class=\"way\" d=\"M%d %dl10 10m0 -10l-10 10\"/>", end - 11, y - 5);
	pen_say(p, "<text x=\"%d\" y=\"%d\"><tspan class=\"id\">", WALL + 16, y - 8);
	p->max = 12;
	pen_str(p, c->technique);
	pen_say(p, "</tspan> <tspan class=\"small\">%s%s</tspan></text>", words_stage(c->stage),
		c->succeeded ? "" : ": the wall held");
	pen_say(p, "<text class=\"small\" x=\"%d\" y=\"%d\">", WALL + 16, y + 16);
	p->max = WAY_COLUMNS;
	pen_str(p, c->title);
	pen_say(p, "</text></g>\n<text class=\"thing\" x=\"%d\" y=\"%d\">", RIGHT + 20, y + 4);
	p->max = THING_COLUMNS;
	pen_str(p, c->object);
	if (c->count > 1)
		pen_say(p, " \xc3\x97%" PRIu32, c->count);
	pen_say(p, "</text>\n");
}

/* The wall beside a container, with a hole for each row that went through. */
static void say_wall(struct pen *p, const struct story *s, size_t from, size_t n, int y, int height)
{
	int at = y, row = y + HEAD + ROW / 2 - 4;

	for (size_t i = from; i < from + n; i++, row += ROW) {
		if (i > from && (s->crossings[i].owner != s->crossings[i - 1].owner ||
				 id_of(s->crossings[i].whose) != id_of(s->crossings[i - 1].whose)))
			row += HEAD + GAP;
		if (!s->crossings[i].succeeded)
			continue;
		pen_say(p, "<path class=\"wall\" d=\"M%d %dV%d\"/>", WALL, at, row - HOLE);
		at = row + HOLE;
	}
	pen_say(p, "<path class=\"wall\" d=\"M%d %dV%d\"/>\n", WALL, at, y + height);
}

/* All that one container did: its box, its wall, the boxes of whom it reached. Returns how many crossings that were. */
static size_t say_block(struct pen *p, const struct story *s, size_t from, int *y)
{
	uint64_t who = id_of(s->crossings[from].who);
	int top = *y;
	size_t at = from;

	while (at < s->n_crossings && id_of(s->crossings[at].who) == who) {
		size_t n = run(s, at);

		say_owner_box(p, s, &s->crossings[at], *y, height_of(n));
		*y += height_of(n) + GAP;
		at += n;
	}
	say_who_box(p, s->crossings[from].who, top, *y - GAP - top);
	say_wall(p, s, from, at - from, top, *y - GAP - top);
	*y = top;
	for (size_t i = from; i < at;) {
		size_t n = run(s, i);

		for (size_t k = 0; k < n; k++)
			say_crossing(p, &s->crossings[i + k], *y + HEAD + (int)k * ROW + ROW / 2 - 4);
		*y += height_of(n) + GAP;
		i += n;
	}
	return at - from;
}

static int drawing_height(const struct story *s)
{
	int y = GAP;

	for (size_t at = 0; at < s->n_crossings;) {
		size_t n = run(s, at);

		y += height_of(n) + GAP;
		at += n;
	}
	return y;
}

/* For who cannot see it. */
static void say_description(struct pen *p, const struct story *s)
{
	p->max = 0;
	pen_say(p, "<desc id=\"map-desc\">");
	for (size_t i = 0; i < s->n_crossings; i++) {
		const struct story_crossing *c = &s->crossings[i];
		const Warder__V1__Owner owner = {.kind = c->owner, .workload = (Warder__V1__Workload *)c->whose};

		words_workload(p, c->who);
		pen_say(p, c->succeeded ? " reached " : " was kept from ");
		pen_str(p, c->object);
		pen_say(p, " of ");
		words_owner(p, &owner);
		pen_say(p, " by ");
		pen_str(p, c->technique);
		pen_say(p, ". ");
	}
	pen_say(p, "</desc>\n");
}

void page_map(struct pen *p, const struct story *s)
{
	struct pen label = {.kind = &pen_label, .out = p->out};
	int y = GAP;

	pen_say(p,
		"<section aria-labelledby=\"map\">\n<h2 id=\"map\">Map</h2>\n<p class=\"lead\">Who reached what of whom. The wall of a container is open "
		"where it was crossed.</p>\n");
	if (!s->n_crossings) {
		pen_say(p, "<p>No wall was crossed or tried.</p>\n</section>\n");
		return;
	}
	pen_say(p,
		"<svg class=\"map\" role=\"img\" aria-labelledby=\"map-title map-desc\" viewBox=\"0 0 %d %d\" xmlns=\"http://www.w3.org/2000/svg\">\n"
		"<title id=\"map-title\">Map of crossed walls</title>\n",
		WIDTH, drawing_height(s));
	say_description(&label, s);
	for (size_t at = 0; at < s->n_crossings;)
		at += say_block(&label, s, at, &y);
	pen_say(p, "</svg>\n");
	if (s->more_crossings)
		pen_say(p, "<p class=\"soft\">%zu more ways are in the timeline and not drawn.</p>\n", s->more_crossings);
	pen_say(p, "</section>\n");
}
