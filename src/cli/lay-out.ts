/**
 * Turns what is to be shown into lines that fit a terminal: two with a bar where there is room for
 * them, else as many short ones as may be, without what matters least. Pure. Loaded with
 * `live.ts`, when something is redrawn at all.
 *
 * The bar is ASCII: the widths of block and line characters differ between terminals (Unicode
 * Standard Annex 11, ambiguous), and a line that is one column too long ruins the screen.
 */
import picocolors from 'picocolors';
import stringWidth from 'string-width';
import type {Field, LiveState, Sight} from './live-state.ts';

type Piece = {readonly text: string; readonly style: 'title' | 'bar' | 'plain' | 'weak'};

const gap = '  ';
const linesMax = 3;

/** Columns of a bar: less shows nothing, more says nothing. */
const barMin = 12;
const barMax = 50;

export function layOut(state: LiveState, {columns, rows, colours}: Sight): string[] {
	// A line of all columns would make some terminals go to the next one by themselves.
	const width = Math.max(1, columns - 1);
	const lines = inTwo(state, width, rows) ?? packed(state, width, rows);
	const paint = painter(colours);
	return lines.map(line => line.map(paint).join(gap));
}

/** Title, bar and amounts above, details below: what matters least is shortened first. */
function inTwo(state: LiveState, width: number, rows: number): Piece[][] | undefined {
	if (rows < linesMax) return undefined;
	const ranks = [...state.amounts, ...state.details].map(({rank}) => rank);
	for (const longest of [Infinity, ...ranks.sort((a, b) => b - a)]) {
		const pieceOf = (field: Field) => piece(field, field.rank < longest ? 'long' : 'short');
		const above = [title(state), ...state.amounts.map(pieceOf)];
		const below = state.details.map(pieceOf);
		if (widthOf(above) > width || widthOf(below) > width) continue;
		const bar = barOf(state.share, width - widthOf(above) - gap.length);
		if (bar !== undefined) above.splice(1, 0, bar);
		return below.length === 0 ? [above] : [above, below];
	}
	return undefined;
}

/** All in turn, each line as full as may be: what matters most as long as there is room. */
function packed(state: LiveState, width: number, rows: number): Piece[][] {
	const most = Math.max(1, Math.min(linesMax, rows - 1));
	const fields = [...state.amounts, ...state.details];
	let lines = wrap([title(state)], width);
	const kept = new Set<Field>();
	for (const field of fields.toSorted((a, b) => a.rank - b.rank)) {
		if (stringWidth(field.short) > width) continue;
		kept.add(field);
		const shown = fields.filter(each => kept.has(each)).map(each => piece(each, 'short'));
		const wrapped = wrap([title(state), ...shown], width);
		if (wrapped.length <= most) lines = wrapped;
		else kept.delete(field);
	}
	return lines;
}

function wrap(pieces: readonly Piece[], width: number): Piece[][] {
	const lines: Piece[][] = [];
	for (const each of pieces) {
		const last = lines.at(-1);
		if (last !== undefined && widthOf([...last, each]) <= width) last.push(each);
		else if (stringWidth(each.text) <= width) lines.push([each]);
	}
	return lines;
}

function title(state: LiveState): Piece {
	return {text: state.title, style: 'title'};
}

function piece(field: Field, form: 'long' | 'short'): Piece {
	return {text: field[form], style: field.weak ? 'weak' : 'plain'};
}

function barOf(share: number | undefined, room: number): Piece | undefined {
	if (share === undefined || room < barMin) return undefined;
	const size = Math.min(room, barMax) - 2;
	const full = Math.floor(share * size);
	const head = full < size ? '>' : '';
	const text = `[${'='.repeat(full)}${head}${' '.repeat(size - full - head.length)}]`;
	return {text, style: 'bar'};
}

function widthOf(pieces: readonly Piece[]): number {
	const gaps = gap.length * Math.max(0, pieces.length - 1);
	return pieces.reduce((sum, {text}) => sum + stringWidth(text), gaps);
}

function painter(colours: boolean): (piece: Piece) => string {
	const {bold, cyan, dim} = picocolors.createColors(colours);
	return ({text, style}) => {
		if (style === 'title') return bold(text);
		if (style === 'bar') return cyan(text);
		return style === 'weak' ? dim(text) : text;
	};
}
