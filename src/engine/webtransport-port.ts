/**
 * The port at which a source answers WebTransport: over HTTP/2, and over HTTP/3 where there is an
 * addon for it, under a certificate that is renewed while it runs.
 */
import {type CertificateFiles, FileCertificates} from '../driver/certificate-files.ts';
import {
	type CertificateSource,
	MadeCertificates,
	type ShownCertificate,
} from '../driver/made-certificates.ts';
import {lacksWebTransport} from '../driver/webtransport-dial.ts';
import type {WebTransportMode} from '../driver/webtransport-link.ts';
import {WebTransportListener} from '../driver/webtransport-listen.ts';
import {ShoalError} from '../error.ts';
import type {DatagramLink} from '../platform/datagram.ts';
import type {WebTransportPlace} from '../session/answer.ts';
import type {ConfigDirectory} from '../store/config-directory.ts';

/** A second port, for networks that do not pass UDP: HTTP/3 and HTTP/2. */
export type WebTransportOptions = {
	/** 0 takes a free one. */
	readonly port: number;
	/** Undefined: certificates are made here, and receivers are told of them. */
	readonly files?: CertificateFiles;
};

export type WebTransportPortOptions = WebTransportOptions & {
	/** Where made certificates are kept. */
	readonly config: ConfigDirectory;
	/** Local names or addresses; none: all of this machine. */
	readonly hosts: readonly string[];
	readonly wallMs: number;
	readonly accepted: (link: DatagramLink) => void;
	readonly remark: (text: string) => void;
};

/** Every local address, of both families or of the older one where there is no other. */
const wildcards = ['::', '0.0.0.0'];

export class WebTransportPort {
	/** Why it is not answered over HTTP/3; undefined: it is. */
	lacksHttp3: string | undefined;
	readonly #options: WebTransportPortOptions;
	readonly #certificates: CertificateSource;
	readonly #listeners: WebTransportListener[] = [];
	#shown: ShownCertificate;
	#port: number;
	#isClosed = false;

	private constructor(options: WebTransportPortOptions) {
		const {port, files, config, wallMs} = options;
		this.#options = options;
		this.#port = port;
		this.#certificates =
			files === undefined ? new MadeCertificates(config) : new FileCertificates(files);
		this.#shown = this.#certificates.at(wallMs);
	}

	/** @throws ShoalError LISTEN_FAILED, KEY_UNSAFE, KEY_INVALID, FILE_UNREADABLE */
	static async open(options: WebTransportPortOptions): Promise<WebTransportPort> {
		const opened = new WebTransportPort(options);
		try {
			await opened.#listen('h2');
			const missing = (await lacksWebTransport('h3')) ?? (await opened.#tryHttp3());
			opened.lacksHttp3 = missing?.message;
			return opened;
		} catch (error) {
			opened.close();
			throw error;
		}
	}

	/** What receivers are told. */
	get place(): WebTransportPlace {
		return {port: this.#port, certificates: this.#shown.hashes};
	}

	/** Shows the certificate that is due. @throws ShoalError as `open` does; the last one stays */
	renew(wallMs: number): void {
		const shown = this.#certificates.at(wallMs);
		if (shown === this.#shown || this.#isClosed) return;
		this.#shown = shown;
		for (const listener of [...this.#listeners]) {
			if (listener.renew(shown)) continue;
			// HTTP/3 takes another certificate only when it begins: its sessions are dialled again.
			this.#listeners.splice(this.#listeners.indexOf(listener), 1);
			listener.close();
			void this.#listenAgain(listener);
		}
	}

	close(): void {
		this.#isClosed = true;
		for (const listener of this.#listeners) listener.close();
	}

	/** Why its addon does not work, though it is here. */
	async #tryHttp3(): Promise<ShoalError | undefined> {
		try {
			await this.#listen('h3');
			return undefined;
		} catch (error) {
			if (error instanceof ShoalError && error.code === 'DRIVER_UNAVAILABLE') return error;
			throw error;
		}
	}

	async #listenAgain({mode, host}: WebTransportListener): Promise<void> {
		try {
			await this.#listenAt(mode, host);
		} catch (error) {
			if (!(error instanceof ShoalError)) throw error;
			this.#options.remark(`${error.message}; HTTP/2 goes on`);
		}
	}

	async #listen(mode: WebTransportMode): Promise<void> {
		const {hosts} = this.#options;
		if (hosts.length > 0) {
			for (const host of hosts) await this.#listenAt(mode, host);
			return;
		}
		try {
			await this.#listenAt(mode, wildcards[0]!);
		} catch (error) {
			if (!/EAFNOSUPPORT|EADDRNOTAVAIL/.test((error as Error).message)) throw error;
			await this.#listenAt(mode, wildcards[1]!);
		}
	}

	async #listenAt(mode: WebTransportMode, host: string): Promise<void> {
		const {accepted} = this.#options;
		const place = {mode, host, port: this.#port, certificate: this.#shown, accepted};
		const listener = await WebTransportListener.open(place);
		if (this.#isClosed) return listener.close();
		this.#listeners.push(listener);
		this.#port = listener.port;
	}
}
