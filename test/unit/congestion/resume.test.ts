import test, {type ExecutionContext} from 'ava';
import {Resume} from '../../../src/congestion/resume.ts';
import {initialWindow} from '../../../src/congestion/startup.ts';
import {micros} from '../../../src/unit.ts';

const roundTrip = 100_000;
const rate = 12.5e6;
const saved = {rate, roundTrip};
const packet = 1228;
const prompt = {latest: 0, isLate: false};

/** So many packets of a train, all at once. */
function take(resume: Resume, count: number, now: number, queue = prompt): void {
	for (let each = 0; each < count; each++) resume.onPacket(packet, micros(now), queue);
}

/** As after a handshake over the same path. */
function begun(): Resume {
	const resume = new Resume(saved);
	resume.onRoundTrip(roundTrip, roundTrip);
	return resume;
}

/** Neither rate nor window is another one than a start's own. */
function isCold(t: ExecutionContext, resume: Resume, window = initialWindow): void {
	t.is(resume.rate(1000, 0), 1000);
	t.is(resume.window(window), window);
}

test('who remembers nothing starts as ever', t => {
	const resume = new Resume(undefined);
	take(resume, 32, 0);
	isCold(t, resume, 1e9);
	t.false(resume.onCongestion());
});

test('the initial window goes out at the speed to be resumed, and no more before it came', t => {
	const resume = new Resume(saved);
	t.is(resume.rate(1000, 0), rate / 2);
	resume.onRoundTrip(roundTrip, roundTrip);
	take(resume, 20, 0);
	t.is(resume.rate(1e9, 0), rate / 2);
	t.is(resume.window(1e9), initialWindow);
});

test('then half of what was on its way is sent over a round trip, and no more', t => {
	const resume = begun();
	take(resume, 31, 0);
	t.is(resume.rate(1e9, 0), rate / 2);
	t.is(resume.window(1e9), (rate / 2) * 0.1);
	take(resume, 1, roundTrip);
	t.true(resume.rate(1e9, 1e6) > rate / 2, 'what arrives is gone on from');
	t.is(resume.rate(1000, 1e6), rate / 2);
	t.is(resume.window(1e9), 1e9);
	t.is(resume.rate(1e9, 2 * rate), 2.5 * rate, 'in small steps beyond what was known');
});

test('a shorter round trip is sent no more a second, a little longer one no more octets', t => {
	const shorter = new Resume(saved);
	shorter.onRoundTrip(0.6 * roundTrip, 0.6 * roundTrip);
	t.is(shorter.rate(1e9, 0), rate / 2);
	const longer = new Resume(saved);
	longer.onRoundTrip(1.1 * roundTrip, 1.1 * roundTrip);
	t.is(Math.round(longer.rate(1e9, 0)), Math.round(rate / 2.2));
});

for (const [what, spoil] of [
	['half the round trip', (resume: Resume) => resume.onRoundTrip(roundTrip / 2, roundTrip / 2)],
	[
		'a round trip with a queue in it',
		(resume: Resume) => resume.onRoundTrip(1.2 * roundTrip, 1.2 * roundTrip),
	],
	['a loss', (resume: Resume) => resume.onLost()],
	['a stretched train', (resume: Resume) => take(resume, 31, 0, {latest: 9000, isLate: false})],
] as const) {
	test(`${what} before anything was risked: it is a start like any other`, t => {
		const resume = begun();
		spoil(resume);
		take(resume, 31, 0);
		isCold(t, resume);
		t.is(resume.window(1e9), initialWindow + (what === 'a stretched train' ? 62 : 31) * packet);
		t.false(resume.onCongestion(), 'nothing is to be taken back');
		t.is(resume.record({rate: 1000, roundTrip}, true), undefined, 'nor to be forgotten');
	});
}

test('a process that was late knows nothing of a stretch', t => {
	const resume = begun();
	take(resume, 31, 0, {latest: 9000, isLate: true});
	t.is(resume.window(1e9), (rate / 2) * 0.1);
});

test('without a round trip nothing is risked', t => {
	const resume = new Resume(saved);
	take(resume, 40, 0);
	t.is(resume.window(1e9), initialWindow);
});

test('congestion by what is not validated calls for a retreat, once, and refutes the record', t => {
	for (const at of [roundTrip / 2, roundTrip]) {
		const resume = begun();
		take(resume, 31, 0);
		take(resume, 1, at);
		t.true(resume.onCongestion());
		isCold(t, resume);
		t.false(resume.onCongestion());
		t.is(resume.record({rate: 1000, roundTrip}, true), 'refuted');
		t.deepEqual(resume.record({rate: rate / 4, roundTrip}, true), {rate: rate / 4, roundTrip});
	}
});

test('silence takes back what was risked, and is nothing before the first answer', t => {
	const resume = new Resume(saved);
	t.false(resume.onSilence());
	resume.onRoundTrip(roundTrip, roundTrip);
	take(resume, 31, 0);
	t.is(resume.window(1e9), (rate / 2) * 0.1, 'it goes on');
	t.true(resume.onSilence());
	t.is(resume.record({rate: 1000, roundTrip}, true), 'refuted');
	const early = begun();
	take(early, 5, 0);
	t.false(early.onSilence());
	take(early, 31, 0);
	t.is(early.window(1e9), initialWindow + 36 * packet, 'what did not come may be lost');
});

test('when what was risked has come, congestion is that of any start', t => {
	const resume = begun();
	take(resume, 31, 0);
	take(resume, 1, roundTrip);
	take(resume, 1, 2 * roundTrip);
	t.false(resume.onCongestion());
});

test('a path that was not full is remembered by the most that is known of it', t => {
	const resume = begun();
	t.is(resume.record({rate: rate / 2, roundTrip}, false), undefined);
	t.deepEqual(resume.record({rate: rate / 2, roundTrip}, true), {rate: rate / 2, roundTrip});
	const more = {rate: 2 * rate, roundTrip};
	t.deepEqual(resume.record(more, false), {...more, isLeast: true});
	t.deepEqual(resume.record({rate: 1.1 * rate, roundTrip}, false), {rate: 1.1 * rate, roundTrip});
	t.is(resume.record({rate: 1e6, roundTrip}, true), undefined, 'too little to be worth it');
});

test('what this side has held back was not full, and says nothing against what is known', t => {
	const resume = begun();
	resume.onHeld();
	t.is(resume.record({rate: rate / 2, roundTrip}, true), undefined);
	const cold = new Resume(undefined);
	cold.onHeld();
	t.deepEqual(cold.record(saved, true), {...saved, isLeast: true});
});

test('a path that was not full the last time is gone on from as in any start', t => {
	const resume = new Resume({...saved, isLeast: true});
	resume.onRoundTrip(roundTrip, roundTrip);
	take(resume, 31, 0);
	t.is(resume.rate(1e9, 0), rate / 2, 'not before it is confirmed');
	take(resume, 1, roundTrip);
	t.is(resume.rate(1e9, rate), 1e9);
	t.deepEqual(resume.record({rate: 1.1 * rate, roundTrip}, false), {
		...{rate: 1.1 * rate, roundTrip},
		isLeast: true,
	});
});

test('another path, or a record of little: nothing is resumed', t => {
	const moved = begun();
	moved.reset();
	isCold(t, moved, 1e9);
	const little = new Resume({rate: 1e6, roundTrip});
	t.is(little.rate(1000, 0), 1000);
});
