// SPDX-License-Identifier: Apache-2.0
#include "top_screen.h"

#include <curses.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

static SCREEN *screen;
static size_t first;  /* row that is shown */
static bool coloured; /* the terminal has colours, and they are wanted */

/* Of the terminal's pairs, by Severity. */
static void take_colours(void)
{
	static const short colours[TOP_SEVERITIES] = {-1, -1, COLOR_CYAN, COLOR_YELLOW, COLOR_RED, COLOR_RED};
	const char *no_color = getenv("NO_COLOR");

	coloured = has_colors() && !(no_color && *no_color) && start_color() == OK && use_default_colors() == OK;
	for (short i = 1; coloured && i < TOP_SEVERITIES; i++)
		init_pair(i, colours[i], -1);
}

bool top_screen_open(void)
{
	first = 0;
	screen = newterm(NULL, stdout, stdin); /* initscr would end the program where it cannot */
	if (!screen)
		return false;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25);
	curs_set(0);
	take_colours();
	return true;
}

void top_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

static unsigned int columns(void)
{
	return COLS > 1 ? (unsigned int)COLS : 1;
}

/* How many rows of the table there is room for. */
static size_t page(void)
{
	return LINES > TOP_HEAD ? (size_t)(LINES - TOP_HEAD) : 0;
}

/* A terminal of one line has its first one alone. */
static void draw_line(unsigned int y, const char *text, attr_t look, short pair)
{
	if ((int)y >= LINES)
		return;
	attr_set(look, pair, NULL);
	mvaddstr((int)y, 0, text);
	attr_set(A_NORMAL, 0, NULL);
}

static void draw_row(const struct top *t, size_t i, unsigned int y)
{
	unsigned int severity = t->rows[i].severity;
	char line[TOP_LINE];

	top_line(t, i, line, columns());
	draw_line(y, line, severity == TOP_SEVERITIES - 1 ? A_BOLD : A_NORMAL, coloured ? (short)severity : 0);
}

void top_screen_draw(const struct top *t, const char *note)
{
	char line[TOP_LINE];

	if (first + page() > t->n_rows)
		first = t->n_rows > page() ? t->n_rows - page() : 0;
	erase();
	for (unsigned int i = 0; i < TOP_HEAD; i++) {
		top_head(t, i, line, columns());
		draw_line(i, line, i == TOP_HEAD - 1 ? A_REVERSE : A_NORMAL, 0);
	}
	if (TOP_HEAD - 2 < LINES)
		mvaddnstr(TOP_HEAD - 2, 0, note, COLS);
	for (size_t i = 0; i < page() && first + i < t->n_rows; i++)
		draw_row(t, first + i, TOP_HEAD + (unsigned int)i);
	refresh();
}

/* The row that scrolling leads to: drawing keeps it within the table. */
static enum top_key scroll_by(long rows)
{
	first = rows < 0 && (size_t)-rows > first ? 0 : first + (size_t)rows;
	return TOP_KEY_DRAW;
}

static enum top_key meaning(int key)
{
	long rows = page() > 1 ? (long)page() : 1;

	switch (key) {
	case 'q':
	case 'Q':
		return TOP_KEY_QUIT;
	case 's':
		return TOP_KEY_SORT;
	case 'p':
		return TOP_KEY_PAUSE;
	case KEY_UP:
		return scroll_by(-1);
	case KEY_DOWN:
		return scroll_by(1);
	case KEY_PPAGE:
		return scroll_by(-rows);
	case KEY_NPAGE:
		return scroll_by(rows);
	case KEY_HOME:
		first = 0;
		return TOP_KEY_DRAW;
	case KEY_RESIZE:
		return TOP_KEY_DRAW;
	default:
		return TOP_KEY_NONE;
	}
}

/* getch alone would spin on a terminal that is gone, and not say so. */
enum top_key top_screen_key(int timeout_ms)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	int key = getch(), n; /* one that is read by now, or another size */

	if (key != ERR)
		return meaning(key);
	n = poll(&p, 1, timeout_ms);
	if (n > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL))
		return TOP_KEY_QUIT;
	key = getch();
	return key == ERR ? TOP_KEY_NONE : meaning(key);
}
