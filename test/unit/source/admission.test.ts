import test from 'ava';
import {Admission} from '../../../src/source/admission.ts';
import {Module} from '../../../src/source/module.ts';
import {networkOf} from '../../../src/source/network.ts';
import {micros} from '../../../src/unit.ts';

const at = (seconds: number) => micros(seconds * 1e6);
const now = at(0);

function module(sessionsMax?: number): Module {
	const saved = {leaves: () => undefined, sums: () => undefined};
	return new Module({name: '', root: 0 as never, saved, sessionsMax});
}

const from = (address: string, key = '') => ({address, key});

test('each limit is found by itself, and a session that ends makes room', t => {
	const room = new Admission();
	const [one, other] = [module(2), module()];
	room.setLimits({sessionsMax: 5, sessionsPerAddressMax: 2, sessionsPerKeyMax: 1}, now);
	const first = room.admit(one, from('192.0.2.1:1', 'aa'), now);
	room.admit(one, from('192.0.2.2:1'), now);
	t.regex(room.obstacle(one, from('192.0.2.3:1')) ?? '', /of this module/);
	t.is(room.obstacle(other, from('192.0.2.3:1')), undefined);
	t.regex(room.obstacle(other, from('192.0.2.3:1', 'aa')) ?? '', /of this key/);
	room.admit(other, from('192.0.2.2:2'), now);
	t.regex(room.obstacle(other, from('192.0.2.2:3')) ?? '', /from this address/);
	first.leave(at(1));
	t.is(room.obstacle(one, from('192.0.2.3:1', 'aa')), undefined);
	for (let port = 0; port < 3; port++) room.admit(other, from(`192.0.2.${port + 4}:1`), now);
	t.is(room.sessionCount, 5);
	t.regex(room.obstacle(other, from('192.0.2.9:1')) ?? '', /too many sessions$/);
	room.setLimits({}, now);
	t.is(room.obstacle(other, from('192.0.2.2:1')), undefined);
});

test('a client is an IPv4 address, or a network of 64 bits', t => {
	t.is(networkOf('192.0.2.1:8730'), '192.0.2.1');
	t.is(networkOf('[2001:DB8:1:2:3:4:5:6]:1'), '2001:db8:1:2');
	t.is(networkOf('[2001:db8:1:2::6]:1'), '2001:db8:1:2');
	t.is(networkOf('[2001:db8::6]:1'), '2001:db8:0:0');
	t.is(networkOf('[::1]:1'), '0:0:0:0');
	t.is(networkOf('[fe80::1%eth0]:1'), 'fe80:0:0:0');
	t.not(networkOf('[2001:db8:1:2::6]:1'), networkOf('[2001:db8:1:3::6]:1'));
});

test('the more wait and the longer sessions last, the later one is to come back', t => {
	const room = new Admission();
	const full = module(10);
	const first = room.retryMs(full, now);
	t.is(first, 1000, 'ten sessions of ten seconds: one ends each second');
	let last = first;
	for (let count = 0; count < 20; count++) last = room.retryMs(full, now);
	t.true(last > 15_000 && last <= 60_000, `${last}`);
	t.true(room.retryMs(full, at(600)) < 1100, 'those who do not come back are forgotten');
	for (let count = 0; count < 40; count++) {
		room.admit(full, from('192.0.2.1:1'), at(1000)).leave(at(1600));
	}
	const later = room.retryMs(full, at(2000));
	t.true(later > 40_000 && later <= 60_000, `${later}: sessions last ten minutes`);
});
