/** Judges what a source answered: distance, key, and the two clocks. Pure. */
import type {SourceFacts} from '../../engine/probe-source.ts';
import type {ShoalError} from '../../error.ts';
import {formatKey} from '../../session/key-text.ts';
import {formatAge, formatCount, formatCounted} from '../format.ts';
import {describeFailure} from '../report.ts';
import {type Finding, finding} from './finding.ts';

/** Clocks of machines that are kept right differ by less. */
const skewMs = 5000;

/** What most paths carry, at most. */
const ethernetMtu = 1500;

export function judgeSource(facts: SourceFacts, wallMs: number, protocol: number): Finding[] {
	return [
		finding(
			facts.roundTripMs === undefined ? 'warn' : 'ok',
			'source',
			`${facts.address} answers, protocol ${protocol}, ` +
				(facts.roundTripMs === undefined
					? 'but not at once: datagrams are lost on the way'
					: `${facts.roundTripMs.toFixed(1)} ms away`),
		),
		judgePath(facts),
		judgeKey(facts),
		...judgeTimes(facts, wallMs),
	];
}

/** The MTU with the headers of IP and UDP: tunnels and mobile networks have smaller ones. */
function judgePath({address, datagramMax}: SourceFacts): Finding {
	const mtu = datagramMax + (address.startsWith('[') ? 48 : 28);
	const octets = formatCount(datagramMax);
	const text = `carries datagrams of ${octets} octets whole: an MTU of ${formatCount(mtu)}`;
	const isUsual = mtu >= ethernetMtu;
	return finding(isUsual ? 'ok' : 'note', 'path', isUsual ? text : `${text}, found by itself`);
}

/** One that could not be asked. */
export function judgeSilence(error: ShoalError): Finding {
	const {report} = describeFailure(error);
	return finding('fail', 'source', `${report.code}: ${report.message}`, report.hint);
}

function judgeKey({isTrusted, identity}: SourceFacts): Finding {
	const key = formatKey(identity);
	if (isTrusted) return finding('ok', "source's key", 'it proved the key that was expected of it');
	return finding(
		'warn',
		"source's key",
		`it is not known here; it says it is ${key}`,
		'compare it with what shoal keygen prints at the source, and put it into the URL',
	);
}

function judgeTimes({head}: SourceFacts, wallMs: number): Finding[] {
	const {issuedMs, expiresMs, entries} = head;
	const list = formatCounted(entries, 'entry', 'entries');
	const check = "source's list";
	if (issuedMs > wallMs + skewMs) {
		const seconds = Math.round((issuedMs - wallMs) / 1000);
		const text = `it is signed ${seconds} s ahead of this clock: one of the two clocks is wrong`;
		return [finding('warn', check, text, 'timedatectl set-ntp true')];
	}
	if (wallMs > expiresMs) {
		const text = `${list}, signed ${formatAge(wallMs - issuedMs)}, and out of date`;
		const mend = 'shoal serve must run at the source; or one of the two clocks is wrong';
		return [finding('warn', check, text, mend)];
	}
	return [finding('ok', check, `${list}, signed ${formatAge(wallMs - issuedMs)}`)];
}
