import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {DelegatedHost} from '../../../src/engine/delegated-host.ts';
import {openDelegation} from '../../../src/session/statement.ts';

const dayMs = 86_400_000;

test('a host that runs for a year always shows a delegation that holds for weeks', t => {
	let nowMs = 1e12;
	const clock = {wallMs: () => nowMs};
	const [identity, hostKey] = [crypto.signGenerate(), crypto.dhGenerate()];
	const host = new DelegatedHost({crypto, clock, identity, hostKey});
	for (let day = 0; day < 365; day++, nowMs += dayMs) {
		const delegation = openDelegation(crypto, host.delegation);
		t.deepEqual(delegation?.host, hostKey.public);
		t.deepEqual(delegation?.identity, identity.public);
		t.true(delegation!.notAfterMs >= nowMs + 28 * dayMs, `on day ${day}`);
	}
	const shown = host.delegation;
	t.is(host.delegation, shown, 'not signed for each answer');
});
