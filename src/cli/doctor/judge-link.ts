/** Judges what else than UDP can carry datagrams here, and to a source that UDP does not reach. */
import type {SourceFacts} from '../../engine/probe-source.ts';
import type {ShoalError} from '../../error.ts';
import {escapeText} from '../../escape.ts';
import {type Finding, finding} from './finding.ts';

/** `lacksHttp3`: why there is no HTTP/3 here; undefined: there is. */
export function judgeLinks(lacksHttp3: string | undefined): Finding[] {
	const http2 = 'carries datagrams where UDP does not pass, to sources that answer WebTransport';
	return [
		finding('ok', 'HTTP/2', http2),
		lacksHttp3 === undefined
			? finding('ok', 'HTTP/3', 'its addon is here, and goes before HTTP/2')
			: finding(
					'note',
					'HTTP/3',
					`${escapeText(lacksHttp3.replace(/: npm install .*/, ''))}; HTTP/2 does without`,
					...(/npm install .*/.exec(lacksHttp3) ?? []),
				),
	];
}

/** A source that is silent over UDP, asked over HTTP/2. */
export function judgeDetour(outcome: SourceFacts | ShoalError): Finding {
	const check = 'WebTransport';
	if (!(outcome instanceof Error)) {
		const text = `the source answers over HTTP/2 at ${outcome.address}: pulls find that out`;
		return finding('note', check, text);
	}
	if (outcome.code === 'OPTION_INVALID') {
		const text = 'nothing says whether the source answers it, and where';
		const mend = 'ask its operator for the second URL that serve --webtransport PORT prints';
		return finding('note', check, text, mend);
	}
	return finding('fail', check, `${outcome.code}: ${escapeText(outcome.message)}`, outcome.hint);
}
