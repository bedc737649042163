/**
 * The order in which addresses of a host are dialled: as the system sorts them, but families in
 * turn (RFC 8305 §4), so that one that leads nowhere costs one head start. No more than a few are,
 * since each is sent hellos on the word of a resolver.
 */
import {ShoalError} from '../error.ts';
import type {Address} from '../platform/datagram.ts';

/** @throws ShoalError PATH_UNREACHABLE: none of the family that is wanted */
export function dialOrder(
	host: string,
	addresses: readonly Address[],
	family?: 4 | 6 | undefined,
): Address[] {
	const ofFamily = (which: 4 | 6) => addresses.filter(each => familyOf(each) === which);
	if (family !== undefined && ofFamily(family).length === 0) {
		throw new ShoalError('PATH_UNREACHABLE', `${host} has no IPv${family} address`);
	}
	const first = family ?? familyOf(addresses[0] ?? '');
	const preferred = ofFamily(first);
	const others = family === undefined ? ofFamily(first === 4 ? 6 : 4) : [];
	const order: Address[] = [];
	for (let index = 0; index < Math.max(preferred.length, others.length); index++) {
		order.push(...preferred.slice(index, index + 1), ...others.slice(index, index + 1));
	}
	return order.slice(0, addressesMax);
}

function familyOf(address: Address): 4 | 6 {
	return address.startsWith('[') ? 6 : 4;
}

const addressesMax = 8;
