/** Lines over a few points, as an SVG that needs nothing else. */
import {scaleLinear, scalePoint} from 'd3-scale';

export type Series = {
	readonly name: string;
	readonly color: string;
	readonly isDashed?: boolean;
	/** By the label of x; where there is none, the line goes on to the next. */
	readonly points: readonly Point[];
};

export type Point = {
	readonly x: string;
	readonly y: number;
	/** Drawn hollow: not measured whole. */
	readonly isHollow?: boolean;
};

export type Plot = {
	readonly title: string;
	readonly xTitle: string;
	readonly yTitle: string;
	/** Labels from left to right: at equal distances, or as the numbers that they are. */
	readonly x: readonly string[];
	readonly isXNumber: boolean;
	readonly series: readonly Series[];
};

const size = {width: 850, height: 420};
const frame = {left: 70, right: 600, top: 46, bottom: 360};
const tickCount = 6;

export function drawPlot({title, xTitle, yTitle, x, isXNumber, series}: Plot): string {
	const across = scaleAcross(x, isXNumber);
	const values = series.flatMap(({points}) => points.map(({y}) => y)).filter(Number.isFinite);
	const up = scaleLinear([0, Math.max(...values, 0)], [frame.bottom, frame.top]).nice();
	const parts = [
		text(frame.left, 24, title, 'class="title"'),
		text((frame.left + frame.right) / 2, size.height - 14, xTitle, 'text-anchor="middle"'),
		text(0, 0, yTitle, `text-anchor="middle" transform="translate(18 ${middle}) rotate(-90)"`),
	];
	const format = up.tickFormat(tickCount);
	for (const tick of up.ticks(tickCount)) {
		parts.push(line(frame.left, frame.right, up(tick)));
		parts.push(text(frame.left - 8, up(tick) + 4, format(tick), 'text-anchor="end"'));
	}
	for (const label of x) {
		parts.push(text(across(label), frame.bottom + 20, label, 'text-anchor="middle"'));
	}
	series.forEach((each, index) => {
		parts.push(...drawSeries(each, point => [across(point.x), up(point.y)]));
		parts.push(...drawKey(each, index));
	});
	return [
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size.width} ${size.height}"` +
			' font-family="sans-serif" font-size="13" fill="#222">',
		'<style>.title{font-weight:bold;font-size:15px}</style>',
		`<rect width="${size.width}" height="${size.height}" fill="#fff"/>`,
		...parts,
		'</svg>\n',
	].join('\n');
}

function scaleAcross(x: readonly string[], isNumber: boolean): (label: string) => number {
	const range = [frame.left + 20, frame.right - 20] as const;
	if (!isNumber) {
		const points = scalePoint([...x], range);
		return label => points(label)!;
	}
	const numbers = scaleLinear([0, Math.max(...x.map(Number))], range);
	return label => numbers(Number(label));
}

const middle = (frame.top + frame.bottom) / 2;

function drawSeries(
	{points, color, isDashed}: Series,
	place: (point: Point) => readonly [number, number],
): string[] {
	const drawn = points.filter(({y}) => Number.isFinite(y));
	if (drawn.length === 0) return [];
	const path = drawn.map(point => place(point).map(round).join(' ')).join(' L ');
	return [
		`<path d="M ${path}" fill="none" stroke="${color}" stroke-width="2"${dash(isDashed)}/>`,
		...drawn.map(point => {
			const [cx, cy] = place(point).map(round);
			const fill = point.isHollow ? '#fff' : color;
			return `<circle cx="${cx}" cy="${cy}" r="4" fill="${fill}" stroke="${color}" stroke-width="2"/>`;
		}),
	];
}

function drawKey({name, color, isDashed}: Series, index: number): string[] {
	const y = frame.top + 10 + 22 * index;
	const x = frame.right + 14;
	return [
		`<path d="M ${x} ${y} h 22" stroke="${color}" stroke-width="2"${dash(isDashed)}/>`,
		text(x + 28, y + 4, name),
	];
}

function line(from: number, to: number, y: number): string {
	return `<path d="M ${from} ${round(y)} H ${to}" stroke="#ddd"/>`;
}

function text(x: number, y: number, words: string, attributes = ''): string {
	const escaped = words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
	return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function dash(isDashed = false): string {
	return isDashed ? ' stroke-dasharray="6 4"' : '';
}

function round(value: number): number {
	return Math.round(10 * value) / 10;
}
