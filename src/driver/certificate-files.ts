/** A certificate that somebody else keeps in files, and renews there, as an ACME client does. */
import {readFileSync, statSync} from 'node:fs';
import {createSecureContext} from 'node:tls';
import {nodeCode} from '../../native-free/tree-error.ts';
import {ShoalError} from '../error.ts';
import {escapePath} from '../escape.ts';
import type {CertificateSource, ShownCertificate} from './made-certificates.ts';

/** Where an operator keeps what a source shows: read again when they change. */
export type CertificateFiles = {
	/** With those of the authorities between, in PEM. */
	readonly certificateFile: string;
	readonly keyFile: string;
};

/** Milliseconds between two looks at the files. */
const lookMs = 10_000;

export class FileCertificates implements CertificateSource {
	readonly #files: CertificateFiles;
	#lookAtMs = Number.NEGATIVE_INFINITY;
	#stamp = '';
	#shown: ShownCertificate | undefined;

	constructor(files: CertificateFiles) {
		this.#files = files;
	}

	at(wallMs: number): ShownCertificate {
		if (this.#shown !== undefined && Math.abs(wallMs - this.#lookAtMs) < lookMs) return this.#shown;
		this.#lookAtMs = wallMs;
		const {certificateFile, keyFile} = this.#files;
		const stamp = `${stampOf(certificateFile)} ${stampOf(keyFile)}`;
		if (this.#shown !== undefined && stamp === this.#stamp) return this.#shown;
		const shown = {certificate: read(certificateFile), privateKey: read(keyFile), hashes: []};
		try {
			createSecureContext({cert: shown.certificate, key: shown.privateKey});
		} catch (error) {
			const detail = `${show(certificateFile)} and ${show(keyFile)}: ${(error as Error).message}`;
			throw new ShoalError('KEY_INVALID', `no certificate and its key: ${detail}`, {cause: error});
		}
		this.#stamp = stamp;
		this.#shown = shown;
		return shown;
	}
}

function stampOf(file: string): string {
	try {
		const {mtimeMs, size, ino} = statSync(file);
		return `${mtimeMs}/${size}/${ino}`;
	} catch (error) {
		throw unreadable(file, error);
	}
}

function read(file: string): string {
	try {
		return readFileSync(file, 'utf8');
	} catch (error) {
		throw unreadable(file, error);
	}
}

function unreadable(file: string, error: unknown): ShoalError {
	return new ShoalError('FILE_UNREADABLE', `cannot read ${show(file)}: ${nodeCode(error)}`, {
		cause: error,
	});
}

const show = (file: string): string => escapePath(new TextEncoder().encode(file));
