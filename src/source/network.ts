import type {Address} from '../platform/datagram.ts';

/**
 * What one client is taken for: an IPv4 address, and of IPv6 the half that names a network, since a
 * client chooses the other half itself (RFC 4291 §2.5.4).
 */
export function networkOf(address: Address): string {
	if (!address.startsWith('[')) return address.slice(0, address.lastIndexOf(':'));
	const host = address.slice(1, address.lastIndexOf(']')).toLowerCase();
	const [head = '', tail] = host.split('::');
	const groups = head === '' ? [] : head.split(':');
	const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').length;
	if (tail !== undefined) for (let count = 0; count < missing; count++) groups.push('0');
	const all = tail === undefined || tail === '' ? groups : [...groups, ...tail.split(':')];
	return [0, 1, 2, 3].map(index => all[index] ?? '0').join(':');
}
