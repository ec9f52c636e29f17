/* SPDX-License-Identifier: Apache-2.0 */
'use strict';
(() => {
	const all = (selector) => Array.from(document.querySelectorAll(selector));

	/* What needs a script is shown by it. */
	all('[data-script]').forEach((e) => { e.hidden = false; });

	/* The timeline: rows with all the words, of the stages that are on. What is missing is never filtered away. */
	const search = document.getElementById('search');
	const shown = document.getElementById('shown');
	const stages = all('.controls input[type=checkbox]');
	const rows = all('#rows tr').map((tr) => ({ tr, stage: tr.dataset.stage, text: tr.textContent.toLowerCase() }));

	const filter = () => {
		const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
		const off = stages.filter((box) => !box.checked).map((box) => box.value);
		let n = 0;

		rows.forEach((row) => {
			const show = row.stage === 'missing' || (!off.includes(row.stage) && words.every((w) => row.text.includes(w)));

			row.tr.hidden = !show;
			n += show ? 1 : 0;
		});
		shown.textContent = n === rows.length ? n + ' rows' : n + ' of ' + rows.length + ' rows';
	};

	if (search) {
		search.addEventListener('input', filter);
		stages.forEach((box) => box.addEventListener('change', filter));
		filter();
	}

	/* Commands are copied as they stand. */
	const select = (node) => {
		const range = document.createRange();

		range.selectNodeContents(node);
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		return document.execCommand('copy');
	};

	all('.command button').forEach((button) => {
		button.addEventListener('click', () => {
			const code = button.previousElementSibling;
			const done = (ok) => {
				button.textContent = ok ? 'Copied' : 'Press Ctrl+C';
				setTimeout(() => { button.textContent = 'Copy'; }, 2000);
			};

			if (navigator.clipboard)
				navigator.clipboard.writeText(code.textContent).then(() => done(true), () => done(select(code)));
			else
				done(select(code));
		});
	});

	const processes = all('.tree details');
	const toggle = document.getElementById('expand');

	if (toggle) {
		toggle.addEventListener('click', () => {
			const open = toggle.getAttribute('aria-pressed') !== 'true';

			processes.forEach((d) => { d.open = open; });
			toggle.setAttribute('aria-pressed', String(open));
			toggle.textContent = open ? 'Collapse all' : 'Expand all';
		});
	}

	/* On paper all is open but the raw events. */
	let closed = [];

	addEventListener('beforeprint', () => {
		closed = all('details:not([open])').filter((d) => !d.closest('.rawlist'));
		closed.forEach((d) => { d.open = true; });
	});
	addEventListener('afterprint', () => {
		closed.forEach((d) => { d.open = false; });
	});
})();
