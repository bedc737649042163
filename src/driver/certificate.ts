/**
 * Certificates that sign themselves, for a TLS layer that nobody has to trust: the session inside
 * proves who is there. Their form is what a client of WebTransport takes by its SHA-256 alone (W3C
 * WebTransport, `serverCertificateHashes`): ECDSA over P-256, valid for 14 days at most. RFC 5280.
 */
import {createECDH, createHash, randomBytes, sign} from 'node:crypto';
import {
	bitString,
	explicit,
	integer,
	objectIdentifier,
	octetString,
	sequence,
	set,
	time,
	utf8String,
	value,
	yes,
} from './der.ts';

/** A certificate and its key as TLS takes them. */
export type Certificate = {
	readonly certificate: string;
	readonly privateKey: string;
};

/** A certificate that was made here: what its clients are told. */
export type MadeCertificate = Certificate & {
	/** SHA-256 of its octets. */
	readonly hash: Uint8Array;
};

/** W3C WebTransport: the longest validity of a certificate that is known by its hash. */
export const validityMsMax = 14 * 86_400_000;

export function makeCertificate(notBeforeMs: number, notAfterMs: number): MadeCertificate {
	const keys = createECDH('prime256v1');
	const point = keys.generateKeys();
	const privateKey = pem('EC PRIVATE KEY', ecPrivateKey(keys.getPrivateKey(), point));
	const subject = name('shoal');
	const body = sequence(
		explicit(0, integer(Uint8Array.of(version3))),
		integer(serial()),
		sequence(objectIdentifier(ecdsaWithSha256)),
		subject,
		sequence(time(notBeforeMs), time(notAfterMs)),
		subject,
		sequence(sequence(objectIdentifier(ecPublicKey), objectIdentifier(p256)), bitString(point)),
		explicit(3, extensions()),
	);
	const signature = sign('sha256', body, privateKey);
	const octets = sequence(body, sequence(objectIdentifier(ecdsaWithSha256)), bitString(signature));
	return {
		certificate: pem('CERTIFICATE', octets),
		privateKey,
		hash: createHash('sha256').update(octets).digest(),
	};
}

/** RFC 5915 §3. */
function ecPrivateKey(secret: Uint8Array, point: Uint8Array): Uint8Array {
	const padded = new Uint8Array(32);
	padded.set(secret, 32 - secret.length);
	return sequence(
		integer(Uint8Array.of(1)),
		octetString(padded),
		explicit(0, objectIdentifier(p256)),
		explicit(1, bitString(point)),
	);
}

function name(commonName: string): Uint8Array {
	return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8String(commonName))));
}

/** For a server, to sign with, and no authority over others. RFC 5280 §4.2.1. */
function extensions(): Uint8Array {
	const extension = (id: string, inner: Uint8Array, isCritical: boolean) =>
		sequence(objectIdentifier(id), ...(isCritical ? [yes] : []), octetString(inner));
	const dnsName = value(0x82, new TextEncoder().encode('shoal.invalid'));
	return sequence(
		extension('2.5.29.19', sequence(), true),
		extension('2.5.29.15', bitString(Uint8Array.of(0x80), 7), true),
		extension('2.5.29.37', sequence(objectIdentifier('1.3.6.1.5.5.7.3.1')), false),
		extension('2.5.29.17', sequence(dnsName), false),
	);
}

/** RFC 5280 §4.1.2.2: positive, at most 20 octets, from a good source of randomness. */
function serial(): Uint8Array {
	const octets = randomBytes(16);
	octets[0] = (octets[0]! & 0x7f) | 0x40;
	return octets;
}

function pem(label: string, octets: Uint8Array): string {
	const lines =
		Buffer.from(octets)
			.toString('base64')
			.match(/.{1,64}/g) ?? [];
	return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

const version3 = 2;
/** RFC 5480 §2.1.1 and RFC 5758 §3.2. */
const ecPublicKey = '1.2.840.10045.2.1';
const p256 = '1.2.840.10045.3.1.7';
const ecdsaWithSha256 = '1.2.840.10045.4.3.2';
