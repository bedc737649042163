import {createHash, X509Certificate} from 'node:crypto';
import {chmodSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import test, {type ExecutionContext} from 'ava';
import platform from '../../../native-free/index.ts';
import {makeCertificate, validityMsMax} from '../../../src/driver/certificate.ts';
import {FileCertificates} from '../../../src/driver/certificate-files.ts';
import {MadeCertificates} from '../../../src/driver/made-certificates.ts';
import {ConfigDirectory} from '../../../src/store/config-directory.ts';
import {tempDirectory} from '../../support/temp-directory.ts';

const dayMs = 86_400_000;
const hourMs = dayMs / 24;
/** The beginning of a turn of twelve days. */
const turnMs = 12 * dayMs * 1720;

const hashOf = (certificate: string) =>
	createHash('sha256').update(new X509Certificate(certificate).raw).digest();

function openConfig(t: ExecutionContext, path = join(tempDirectory(t), 'shoal')): ConfigDirectory {
	const config = ConfigDirectory.open(platform, path, true)!;
	t.teardown(() => config.close());
	return config;
}

test('made certificates follow one another, and each was announced while the last was shown', t => {
	const made = new MadeCertificates(openConfig(t));
	let announced: Uint8Array | undefined;
	const seen = new Set<string>();
	for (let at = turnMs; at < turnMs + 50 * dayMs; at += 7 * hourMs) {
		const shown = made.at(at);
		const [now, next] = shown.hashes;
		t.deepEqual(now, hashOf(shown.certificate));
		const {validFrom, validTo} = new X509Certificate(shown.certificate);
		const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
		t.true(from <= at - 0.9 * dayMs && to >= at + 0.9 * dayMs, 'clocks may be wrong by hours');
		t.true(to - from < validityMsMax);
		const key = Buffer.from(now!).toString('hex');
		if (!seen.has(key) && announced !== undefined) t.deepEqual(now, announced);
		seen.add(key);
		announced = next;
	}
	t.is(seen.size, 5);
});

test('a restart shows the certificates that were announced, and nobody else can read them', t => {
	const config = openConfig(t);
	const before = new MadeCertificates(config).at(turnMs);
	const after = new MadeCertificates(config).at(turnMs + hourMs);
	t.deepEqual(after, before);
	const later = new MadeCertificates(config).at(turnMs + 12 * dayMs);
	t.deepEqual(later.hashes[0], before.hashes[1]);
	const file = join(config.path, 'webtransport.key');
	t.is(statSync(file).mode & 0o777, 0o600);
	chmodSync(file, 0o644);
	t.throws(() => new MadeCertificates(config).at(turnMs), {code: 'KEY_UNSAFE'});
});

test('a file of certificates that is damaged is named', t => {
	const config = openConfig(t);
	new MadeCertificates(config).at(turnMs);
	const file = join(config.path, 'webtransport.key');
	const text = readFileSync(file, 'utf8');
	for (const damaged of [text.slice(0, 300), 'words\n', '{}\n', text.replace('MII', 'XII')]) {
		writeFileSync(file, damaged);
		t.throws(() => new MadeCertificates(config).at(turnMs), {
			code: 'KEY_INVALID',
			message: /webtransport\.key does not hold certificates: remove it$/,
		});
	}
});

test('a certificate in files is shown without a hash, and the next one when it is there', t => {
	const directory = tempDirectory(t);
	const [certificateFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
	const put = (changedAt: number) => {
		const made = makeCertificate(turnMs, turnMs + dayMs);
		writeFileSync(certificateFile, made.certificate);
		writeFileSync(keyFile, made.privateKey);
		utimesSync(certificateFile, changedAt, changedAt);
		return made;
	};
	const first = put(1000);
	const files = new FileCertificates({certificateFile, keyFile});
	const shown = files.at(0);
	t.like(shown, {certificate: first.certificate, privateKey: first.privateKey, hashes: []});
	t.is(files.at(60_000), shown, 'the same object while nothing changes');
	const second = put(2000);
	t.is(files.at(61_000), shown, 'it is looked at every ten seconds');
	t.like(files.at(71_000), {certificate: second.certificate});
	writeFileSync(keyFile, first.privateKey);
	t.throws(() => files.at(90_000), {code: 'KEY_INVALID', message: /cert\.pem and .*key\.pem/});
	rmSync(certificateFile);
	t.throws(() => files.at(110_000), {code: 'FILE_UNREADABLE', message: /cert\.pem: ENOENT$/});
});
