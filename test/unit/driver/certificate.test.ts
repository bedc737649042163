import {createHash, X509Certificate} from 'node:crypto';
import {createSecureContext} from 'node:tls';
import test from 'ava';
import {makeCertificate, validityMsMax} from '../../../src/driver/certificate.ts';

const dayMs = 86_400_000;
const from = Date.UTC(2026, 10, 1, 12, 0, 0);

test('a made certificate is what Node reads, signed by its own key, for the time asked for', t => {
	const made = makeCertificate(from, from + 13 * dayMs);
	const read = new X509Certificate(made.certificate);
	t.true(read.verify(read.publicKey));
	t.is(read.publicKey.asymmetricKeyType, 'ec');
	t.is(read.publicKey.asymmetricKeyDetails?.namedCurve, 'prime256v1');
	t.false(read.ca);
	t.is(Date.parse(read.validFrom), from);
	t.is(Date.parse(read.validTo), from + 13 * dayMs);
	t.is(read.subject, 'CN=shoal');
	t.is(read.issuer, read.subject);
	t.is(read.subjectAltName, 'DNS:shoal.invalid');
	t.deepEqual(read.keyUsage, ['1.3.6.1.5.5.7.3.1']);
	t.deepEqual(made.hash, createHash('sha256').update(read.raw).digest());
	t.notThrows(() => createSecureContext({cert: made.certificate, key: made.privateKey}));
});

test('no two have a key or a number in common', t => {
	const [one, other] = [makeCertificate(from, from + dayMs), makeCertificate(from, from + dayMs)];
	t.not(
		new X509Certificate(one!.certificate).serialNumber,
		new X509Certificate(other!.certificate).serialNumber,
	);
	t.notDeepEqual(one!.hash, other!.hash);
});

test('the numbers of a hundred certificates are positive and of one length', t => {
	for (let count = 0; count < 100; count++) {
		const {certificate} = makeCertificate(from, from + dayMs);
		t.regex(new X509Certificate(certificate).serialNumber, /^[4-7][0-9A-F]{31}$/);
	}
});

test('fourteen days are the longest that is known by a hash', t => {
	t.is(validityMsMax, 14 * dayMs);
});
