/**
 * The lines of a terminal that are redrawn while a run goes on. It is loaded when there is
 * something to redraw, so that a run in a pipe or from cron never waits for it. The cursor stays
 * visible throughout: however the process ends, the terminal needs no repair.
 */
import {clearScreenDown, cursorTo, moveCursor} from 'node:readline';
import type {WriteStream} from 'node:tty';
import {createLogUpdate} from 'log-update';
import stringWidth from 'string-width';
import {layOut} from './lay-out.ts';
import type {LiveState, Sight} from './live-state.ts';

export type LiveStream = NodeJS.WritableStream &
	Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows' | 'hasColors'>>;

export class Live {
	readonly #stream: LiveStream;
	readonly #draw: ReturnType<typeof createLogUpdate>;
	#state: LiveState | undefined;
	/** Widths of the lines that stand there, and of the terminal when they were drawn. */
	#widths: number[] = [];
	#columns = 0;
	readonly #onResize = (): void => this.#redraw();

	constructor(stream: LiveStream) {
		this.#stream = stream;
		this.#draw = createLogUpdate(stream as WriteStream, {showCursor: true});
		stream.on('resize', this.#onResize);
	}

	show(state: LiveState): void {
		this.#state = state;
		this.#redraw();
	}

	/** Nothing is shown any more, until the next `show`. */
	erase(): void {
		this.#state = undefined;
		if (this.#widths.length === 0) return;
		this.#eraseFolded();
		this.#draw.clear();
		this.#widths = [];
	}

	close(): void {
		this.erase();
		this.#stream.removeListener('resize', this.#onResize);
	}

	#redraw(): void {
		if (this.#state === undefined) return;
		const sight = sightOf(this.#stream);
		this.#eraseFolded();
		const lines = layOut(this.#state, sight);
		this.#draw(lines.join('\n'));
		this.#widths = lines.map(line => stringWidth(line));
		this.#columns = sight.columns;
	}

	/**
	 * A terminal that has become narrower has folded our lines, so there are more of them than were
	 * drawn. The cursor stands below the last.
	 */
	#eraseFolded(): void {
		const {columns} = sightOf(this.#stream);
		if (this.#widths.length === 0 || columns >= this.#columns) return;
		const rows = this.#widths.map(width => Math.max(1, Math.ceil(width / columns)));
		moveCursor(this.#stream, 0, -rows.reduce((sum, each) => sum + each, 0));
		cursorTo(this.#stream, 0);
		clearScreenDown(this.#stream);
		this.#draw.done();
		this.#widths = [];
	}
}

/** Node's `hasColors` heeds NO_COLOR, FORCE_COLOR and TERM. */
function sightOf(stream: LiveStream): Sight {
	const colours = stream.hasColors?.() === true;
	return {columns: stream.columns ?? 80, rows: stream.rows ?? 24, colours};
}
