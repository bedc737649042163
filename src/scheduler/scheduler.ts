/** The one list of everything that goes on in a process, and the lanes that its jobs wait in. */
import {assert} from '../assert.ts';
import {ActiveTask, type TaskOptions, type TaskView} from './active-task.ts';
import type {Lane} from './lane.ts';

export class Scheduler {
	readonly #lanes = new Map<string, Lane>();
	readonly #tasks = new Map<number, ActiveTask>();
	#lastId = 0;

	/** Lanes by their names: a pool's, those of disk and network. */
	constructor(lanes: readonly Lane[]) {
		for (const lane of lanes) {
			assert(!this.#lanes.has(lane.name), `two lanes named ${lane.name}`);
			this.#lanes.set(lane.name, lane);
		}
	}

	lane(name: string): Lane {
		const lane = this.#lanes.get(name);
		assert(lane !== undefined, `no lane is named ${name}`);
		return lane;
	}

	/** A new task on the list; it leaves the list when it is done, fails or is aborted. */
	open(options: TaskOptions): ActiveTask {
		const id = ++this.#lastId;
		let ended = false;
		const task = new ActiveTask(id, options, () => {
			ended = true;
			this.#tasks.delete(id);
		});
		if (!ended) this.#tasks.set(id, task);
		return task;
	}

	/** What goes on now, oldest first. */
	get tasks(): TaskView[] {
		return Array.from(this.#tasks.values(), task => task.view());
	}

	/** Aborts every task. Resolves when no job is left in any lane. */
	async stop(reason?: unknown): Promise<void> {
		for (const task of this.#tasks.values()) task.abort(reason);
		await Promise.all(Array.from(this.#lanes.values(), lane => lane.idle()));
	}
}
