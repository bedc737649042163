import {setTimeout} from 'node:timers/promises';
import {openLink} from '../../native-free/datagram.ts';
import {type DriverPair, driverCompliance} from '../support/driver-compliance.ts';

/** Loopback carries at once: turns of the event loop count, not the time that others take. */
const turnsMax = 250;

async function carry(isDone: () => boolean): Promise<void> {
	for (let turn = 0; turn < turnsMax && !isDone(); turn++) await setTimeout(1);
}

async function open(host: string): Promise<DriverPair> {
	const [a, b] = [await openLink({host, port: 0}), await openLink({host, port: 0})];
	return {a, b, carry};
}

driverCompliance('dgram over IPv4', () => open('127.0.0.1'));
driverCompliance('dgram over IPv6', () => open('::1'));
