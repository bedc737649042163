/** A receiver behind a router that forgets: on real sockets, its address and port change. */
import {createSocket, type Socket} from 'node:dgram';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import test from 'ava';
import {parseSourceUrl} from '../../src/session/source-url.ts';
import {Prng} from '../support/prng.ts';
import {ended, start} from '../support/shoal-process.ts';
import {Workspace} from '../support/workspace.ts';

/** Translates addresses as a router does: `rebind` gives the receiver another outer one. */
class Router {
	readonly #inner = createSocket('udp4');
	#outer: Socket | undefined;
	#receiver: {address: string; port: number} | undefined;
	readonly #source: number;
	/** Outer addresses so far. */
	readonly outer: string[] = [];
	port = 0;

	constructor(source: number) {
		this.#source = source;
	}

	async open(): Promise<void> {
		this.#inner.bind(0, '127.0.0.1');
		await once(this.#inner, 'listening');
		this.port = this.#inner.address().port;
		await this.rebind('127.0.0.1');
		this.#inner.on('message', (data, from) => {
			this.#receiver = from;
			this.#outer!.send(data, this.#source, '127.0.0.1');
		});
	}

	/** What comes to the old address from now on is lost. */
	async rebind(host: string): Promise<void> {
		const outer = createSocket('udp4');
		outer.bind(0, host);
		await once(outer, 'listening');
		outer.on('message', data => {
			if (this.#receiver !== undefined) {
				this.#inner.send(data, this.#receiver.port, this.#receiver.address);
			}
		});
		this.#outer?.close();
		this.#outer = outer;
		this.outer.push(`${host}:${outer.address().port}`);
	}

	close(): void {
		this.#inner.close();
		this.#outer?.close();
	}
}

const check = process.platform === 'linux' ? test : test.skip;

check('a pull goes on in its session when address and port change', async t => {
	const space = new Workspace(t);
	const content = new Prng(11).bytes(6_000_000);
	space.write('tree/file', content);
	const server = await space.serve('tree');
	const router = new Router(parseSourceUrl(server.url).port);
	await router.open();
	t.teardown(() => router.close());
	const url = server.url.replace(/:\d+$/, `:${router.port}`);
	const words = ['pull', url, space.at('mirror'), '--bwlimit', '1M', '-vv', '--json'];
	const pulled = ended(start(words, space.environment));
	for (const host of ['127.0.0.2', '127.0.0.3', '127.0.0.2']) {
		await new Promise(resolve => setTimeout(resolve, 1500));
		await router.rebind(host);
	}
	const {exit, output, errors} = await pulled;
	t.is(exit, 0, errors);
	t.is(new Set(router.outer).size, 4);
	t.is(Buffer.compare(readFileSync(space.at('mirror/file')), content), 0);
	t.notRegex(errors, /dialling again/);
	const result = JSON.parse(output.trim().split('\n').at(-1)!) as {elapsedMs: number};
	t.true(result.elapsedMs < 15_000, `${result.elapsedMs} ms`);
});
