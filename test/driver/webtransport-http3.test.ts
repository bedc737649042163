/**
 * What a listener does with a server of HTTP/3 of which less can be said than of one of HTTP/2. The
 * package is a stand-in here: how it behaves without a working addon was seen, and with one too.
 */
import test from 'ava';
import {WebTransportListener} from '../../src/driver/webtransport-listen.ts';
import type {WebTransportPackage} from '../../src/driver/webtransport-package.ts';
import {freshCertificate} from '../support/webtransport-pair.ts';

/** Milliseconds: no test waits for long. */
const withinMs = 20;

type Habits = {
	/** Something listens, whether it says so or not. */
	readonly isMade: boolean;
	readonly ready: Promise<unknown>;
	readonly stop?: () => void;
};

const silent = new Promise<never>(() => undefined);

function listen({isMade, ready, stop}: Habits) {
	const asked: string[] = [];
	class Server {
		readonly ready = ready;
		readonly transportInt = isMade ? {} : undefined;
		sessionStream() {
			return {getReader: () => ({read: () => silent})};
		}
		startServer() {
			asked.push('start');
		}
		stopServer() {
			asked.push('stop');
			stop?.();
		}
		address() {
			return null;
		}
	}
	const library = {Http3Server: Server} as unknown as WebTransportPackage;
	const opening = WebTransportListener.open(
		{
			mode: 'h3',
			host: '127.0.0.1',
			port: 4433,
			certificate: freshCertificate(),
			accepted: () => undefined,
		},
		{load: async () => ({package: library, lacksHttp3: undefined}), withinMs},
	);
	return {asked, opening};
}

/** As the package fails where nothing was made. */
const nothingToStop = (): void => {
	throw new TypeError("Cannot read properties of undefined (reading 'stopServer')");
};

test('a server that could not be made and says nothing is given up, and said to be missing', async t => {
	const {asked, opening} = listen({isMade: false, ready: silent, stop: nothingToStop});
	await t.throwsAsync(opening, {
		code: 'DRIVER_UNAVAILABLE',
		message: /^HTTP\/3 does not begin to listen on 127\.0\.0\.1:4433 /,
	});
	t.deepEqual(asked, ['start', 'stop']);
});

test('a server that was made and says nothing listens at the port that was asked for', async t => {
	const {asked, opening} = listen({isMade: true, ready: silent, stop: nothingToStop});
	const listener = await opening;
	t.is(listener.port, 4433);
	t.notThrows(() => listener.close());
	listener.close();
	t.deepEqual(asked, ['start', 'stop'], 'stopped once');
});

test('a port that is taken is said to be so', async t => {
	const taken = Promise.reject(Object.assign(new Error('in use'), {code: 'EADDRINUSE'}));
	await t.throwsAsync(listen({isMade: true, ready: taken}).opening, {
		code: 'LISTEN_FAILED',
		message: /EADDRINUSE$/,
	});
});

test('what else goes wrong when a server is stopped is not hidden', async t => {
	const {opening} = listen({
		isMade: true,
		ready: Promise.resolve(),
		stop: () => {
			throw new RangeError('an error of this program');
		},
	});
	const listener = await opening;
	t.throws(() => listener.close(), {instanceOf: RangeError});
});
