/**
 * The certificates that a source makes for itself, one after another: what is shown now, and the
 * next, which is made long before so that receivers know it when its time comes. They are kept
 * beside the keys, so that a restart shows what receivers remember.
 */
import {createHash, X509Certificate} from 'node:crypto';
import {ShoalError} from '../error.ts';
import type {ConfigDirectory} from '../store/config-directory.ts';
import {type Certificate, type MadeCertificate, makeCertificate} from './certificate.ts';

/** A certificate as it is shown, and what receivers are told of it and the next. */
export type ShownCertificate = Certificate & {
	/** SHA-256; none: the system's authorities vouch for it. */
	readonly hashes: readonly Uint8Array[];
};

/** Where a certificate comes from: the same object as long as the same is to be shown. */
export type CertificateSource = {
	/** @throws ShoalError KEY_UNSAFE, KEY_INVALID, STORE_FAILED */
	at(wallMs: number): ShownCertificate;
};

const dayMs = 86_400_000;

/**
 * Each is shown for so long, and is valid for a day more on either side, for clocks that are wrong:
 * under the 14 days that are the most for what is known by its hash. Who has seen a source within
 * the last one knows what it shows now.
 */
const turnMs = 12 * dayMs;
const marginMs = 0.95 * dayMs;

/** One line of the file: in which turn it is shown. */
type Kept = Certificate & {readonly turn: number};

const fileName = 'webtransport.key';

export class MadeCertificates implements CertificateSource {
	readonly #config: ConfigDirectory;
	#turn = Number.NaN;
	#shown: ShownCertificate | undefined;

	constructor(config: ConfigDirectory) {
		this.#config = config;
	}

	at(wallMs: number): ShownCertificate {
		const turn = Math.floor(wallMs / turnMs);
		if (turn === this.#turn && this.#shown !== undefined) return this.#shown;
		const [now, next] = this.#obtain(turn);
		this.#turn = turn;
		this.#shown = {...now!, hashes: [now!.hash, next!.hash]};
		return this.#shown;
	}

	/** Those of this turn and the next, from the file or new. */
	#obtain(turn: number): MadeCertificate[] {
		const kept = this.#read();
		const wanted = [turn, turn + 1].map(
			each => kept.find(row => row.turn === each) ?? {turn: each, ...make(each)},
		);
		if (wanted.some(row => !kept.includes(row))) {
			const lines = wanted.map(({turn: of, certificate, privateKey}) =>
				JSON.stringify({turn: of, certificate, privateKey}),
			);
			this.#config.write(fileName, new TextEncoder().encode(`${lines.join('\n')}\n`));
		}
		return wanted.map(row => ({...row, hash: hashOf(row.certificate)}));
	}

	#read(): Kept[] {
		const file = this.#config.read(fileName);
		if (file === undefined) return [];
		const path = `${this.#config.path}/${fileName}`;
		if ((file.mode & 0o077) !== 0) throw new ShoalError('KEY_UNSAFE', `others can read ${path}`);
		const lines = new TextDecoder().decode(file.content).split('\n');
		const rows = lines.filter(line => line !== '').map(parseLine);
		if (rows.every(row => row !== undefined)) return rows;
		throw new ShoalError('KEY_INVALID', `${path} does not hold certificates: remove it`);
	}
}

function make(turn: number): MadeCertificate {
	return makeCertificate(turn * turnMs - marginMs, (turn + 1) * turnMs + marginMs);
}

function parseLine(line: string): Kept | undefined {
	try {
		const row = JSON.parse(line) as Partial<Kept>;
		const {turn, certificate, privateKey} = row;
		if (typeof turn !== 'number' || typeof privateKey !== 'string') return undefined;
		if (typeof certificate !== 'string' || hashOf(certificate).length === 0) return undefined;
		return {turn, certificate, privateKey};
	} catch (error) {
		if (error instanceof SyntaxError || (error as Error).name === 'Error') return undefined;
		throw error;
	}
}

function hashOf(certificate: string): Uint8Array {
	return createHash('sha256').update(new X509Certificate(certificate).raw).digest();
}
