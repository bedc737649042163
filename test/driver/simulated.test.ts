import {type DriverPair, driverCompliance} from '../support/driver-compliance.ts';
import {SimLink} from '../support/link.ts';
import {Prng} from '../support/prng.ts';
import {World} from '../support/world.ts';

/** Virtual microseconds: nothing on this path takes as long. */
const patience = 1_000_000;

async function open(): Promise<DriverPair> {
	const world = new World();
	const [here, there] = ['192.0.2.1:1', '192.0.2.2:2'];
	const settings = {rate: 1e9, delay: 1000};
	world.route(here, there, new SimLink(settings, new Prng(1)));
	world.route(there, here, new SimLink(settings, new Prng(2)));
	return {
		a: world.openLink(here),
		b: world.openLink(there),
		carry: async isDone => void world.drive({done: isDone, until: world.now + patience}),
	};
}

driverCompliance('a simulated link', open);
