/** `shoal version`: this program, its protocol, and what it runs on. */
import {readFileSync} from 'node:fs';
import {protocolVersion} from '../session/handshake.ts';
import type {Context} from './context.ts';

export function runVersion({options, terminal}: Context): number {
	const version = packageVersion();
	const runtime = `node ${process.versions.node}, ${process.platform} ${process.arch}`;
	const text =
		options.json === undefined
			? `shoal ${version}, protocol ${protocolVersion}, ${runtime}`
			: JSON.stringify({version, protocols: [protocolVersion], runtime});
	void terminal.write(`${text}\n`);
	return 0;
}

export function packageVersion(): string {
	const text = readFileSync(new URL(import.meta.resolve('#package')), 'utf8');
	return (JSON.parse(text) as {version: string}).version;
}
