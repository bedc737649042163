/** Goodput of two processes over loopback, `serve` and `pull` as they are: start to published. */
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {Prng} from '../../test/support/prng.ts';
import {run, startServe} from '../../test/support/shoal-process.ts';
import {benchSeed, type Kernel} from '../harness.ts';
import {roomyDirectory} from '../wan/host.ts';

export function loopback(
	what: string,
	fileCount: number,
	fileSize: number,
	link: 'udp' | 'h2' = 'udp',
): Kernel {
	return {
		name: `session/${what}`,
		unit: 'octets',
		samples: 5,
		prepare: async smoke => {
			const base = mkdtempSync(join(roomyDirectory(), 'shoal-'));
			const source = join(base, 'source');
			const environment = {XDG_CONFIG_HOME: join(base, 'config')};
			const count = smoke ? Math.min(fileCount, 3) : fileCount;
			const size = smoke ? Math.min(fileSize, 100_000) : fileSize;
			const prng = new Prng(benchSeed);
			mkdirSync(source);
			for (let index = 0; index < count; index++) {
				writeFileSync(join(source, `f${index}`), prng.bytes(size));
			}
			const words = [source, '--listen', '127.0.0.1:0'];
			const more = link === 'udp' ? [] : ['--webtransport', '0'];
			const server = await startServe([...words, ...more], environment);
			const {url, webTransportUrl = url} = server.listening;
			const pull = ['pull', String(webTransportUrl)];
			let result: Record<string, unknown> = {};
			const mirror = join(base, 'mirror');
			return {
				amount: count * size,
				run: async () => {
					rmSync(mirror, {recursive: true, force: true});
					const {exit, lines, errors} = await run([...pull, mirror, '--link', link], environment);
					if (exit !== 0) throw new Error(`shoal pull ended with ${exit}: ${errors}`);
					result = lines.at(-1) ?? {};
					return Number(result['bytesLiteral']);
				},
				figures: () => ({
					elapsedMs: Number(result['elapsedMs']),
					datagramsIn: Number(result['datagramsIn']),
					rangesLost: Number(result['rangesLost']),
				}),
				close: async () => {
					await server.stop();
					rmSync(base, {recursive: true, force: true});
				},
			};
		},
	};
}

export const loopbackKernels: readonly Kernel[] = [loopback('loopback-small-files', 2000, 8192)];
