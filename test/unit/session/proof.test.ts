/** Which of the rotations that a host sends are proof of anything. */
import test from 'ava';
import {crypto} from '../../../native-free/crypto.ts';
import {followed} from '../../../src/session/proof.ts';
import {signRotation} from '../../../src/session/statement.ts';

test('of the rotations that are sent, those alone are kept that lead on from the pin', t => {
	const [first, second, third, other] = Array.from({length: 4}, () => crypto.signGenerate());
	const rotation = (from = first!, to = second!, signer = from): Uint8Array =>
		signRotation(crypto, {public: from.public, secret: signer.secret}, to, 1);
	const [one, two] = [rotation(first, second), rotation(second, third)];
	const junk = [
		rotation(other, second),
		rotation(first, third, other),
		new Uint8Array(200),
		rotation(other, third),
	];
	const [pin, last] = [first!.public, third!.public];
	t.deepEqual(followed(crypto, pin, [...junk, one, ...junk, two, ...junk], last), [one, two]);
	t.deepEqual(followed(crypto, last, [...junk, one, two], last), [], 'it is there already');
	t.is(followed(crypto, pin, [...junk, two, one], last), undefined, 'oldest first');
	t.is(followed(crypto, pin, [one, ...junk], last), undefined);
});
