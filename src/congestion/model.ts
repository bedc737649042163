/**
 * A model of the path in the BBR family (draft-ietf-ccwg-bbr), kept by the receiver: the greatest
 * delivery rate of the last rounds and the least round trip say how much to send. It differs from
 * BBR where the receiver knows more. It sees one-way delays, so a queue is seen as it grows; it
 * counts holes, so the path's own loss (the least of the last rounds) is told apart from loss that
 * it causes, and does not lower the rate.
 */
import type {Micros} from '../unit.ts';
import {Competition} from './competition.ts';
import type {Controller} from './controller.ts';
import {DeliveryRate} from './delivery-rate.ts';
import {Ease, easeLag} from './ease.ts';
import {LossFloor} from './loss-floor.ts';
import {gains, type Phase, roundsMax, shares} from './phase.ts';
import {Probe} from './probe.ts';
import {emptyQueueMax, fullQueueMin, ownQueueMax, startQueueMax} from './queue-bound.ts';
import {leastSpan, QueueDelay} from './queue-delay.ts';
import {type PathRecord, Resume, retreatShare} from './resume.ts';
import {Round} from './round.ts';
import {RoundTrip, roundTripInitial} from './round-trip.ts';
import {Sharing, shortGrowth} from './sharing.ts';
import {initialRate, Startup, startWindow, trainSpacing, trainTime} from './startup.ts';
import {RoundMax, TimeMin} from './windowed.ts';

export class PathModel implements Controller {
	phase: Phase = 'startup';
	readonly #delivery = new DeliveryRate();
	readonly #bandwidth = new RoundMax(bandwidthRounds);
	readonly #roundTrip = new TimeMin(leastSpan);
	readonly #trip = new RoundTrip();
	readonly #queue = new QueueDelay();
	readonly #loss = new LossFloor();
	/** Rounds since the phase began, and when it began. */
	#phaseRounds = 0;
	#phaseAt = 0;
	readonly #startup = new Startup();
	readonly #resume: Resume;
	readonly #round = new Round();
	/** Rounds of cruising in a row in which a queue stood. */
	#queuedRounds = 0;
	readonly #ease = new Ease();
	readonly #probe = new Probe();
	readonly #competition = new Competition();
	readonly #sharing = new Sharing();
	/** When a queue was last met while cruising. */
	#queuedAt = -Infinity;
	/** Rounds whose losses are those of an earlier phase. */
	#formerRounds = 0;
	/** Until then delays say nothing of the path. */
	#napUntil = 0;
	/** Rounds after a silence that say nothing of loss. */
	#silentRounds = 0;
	/** When the round trip was last seen near its least. */
	#nearMinAt = 0;

	constructor(saved?: PathRecord) {
		this.#resume = new Resume(saved);
	}

	get rate(): number {
		const bandwidth = this.#bandwidth.value;
		if (this.phase === 'compete') return Math.max(this.#competition.rival!.rate, rateMin);
		if (this.phase === 'share') {
			return Math.max(rateMin, (shareGain * this.window * 1e6) / this.#trip.smoothed);
		}
		if (bandwidth === 0) return this.#resume.rate(initialRate(this.minRoundTrip), 0);
		// Held back, the rate is below what got through, so that no queue can be full.
		if (this.phase === 'ease') return Math.max(this.#ease.rate * this.#gain, rateMin);
		const rate = bandwidth * this.#gain * this.#madeUp;
		if (this.phase !== 'startup') return Math.max(rate, rateMin);
		const isFirst = this.#startup.fullRate === 0;
		const least = isFirst ? initialRate(this.minRoundTrip) : rateMin;
		return this.#resume.rate(Math.max(rate, least), bandwidth);
	}

	get #madeUp(): number {
		return this.#loss.madeUp(this.phase === 'startup');
	}

	get window(): number {
		if (this.phase === 'compete') return Math.max(this.#competition.rival!.window, windowMin);
		if (this.phase === 'share') return Math.max(this.#sharing.window, windowMin);
		const bandwidth = this.#bandwidth.value * this.#madeUp;
		const flight = (bandwidth * this.minRoundTrip) / 1e6;
		if (this.phase === 'probeRoundTrip') return Math.max(windowMin, flight / 2);
		if (this.phase === 'drain') return shares.drain * flight + windowMin;
		if (this.phase === 'look') return shares.look * flight + windowMin;
		const late = slackTime + this.#trip.lateness(this.minRoundTrip + this.#queue.delay);
		const slack = (bandwidth * late) / 1e6 + windowMin;
		if (this.phase === 'startup') return this.#resume.window(startWindow(flight, slack));
		if (this.phase === 'down') return flight + slack;
		if (this.phase === 'up') return Math.max(2, this.#probe.gain) * 1.05 * flight + slack;
		return windowGain * flight + slack;
	}

	get lossRate(): number {
		return this.#loss.recent;
	}

	get minRoundTrip(): number {
		const least = this.#roundTrip.value;
		return least === Infinity ? roundTripInitial : least;
	}

	/** A start has seen as much as came in a round, later phases as much as the path takes. */
	get record(): PathRecord | 'refuted' | undefined {
		const isStart = this.phase === 'startup';
		const rate = isStart ? this.#startup.fullRate : this.#bandwidth.value;
		return this.#resume.record({rate, roundTrip: this.minRoundTrip}, !isStart);
	}

	onPacket(size: number, sentAt: number, now: Micros, limited: boolean): void {
		this.#loss.onArrived(size);
		this.#round.onPacket(size, now);
		this.#queue.add(now - sentAt, now, this.minRoundTrip);
		this.#resume.onPacket(size, now, this.#queue);
		if (this.#sharing.isBeat(sentAt)) this.#onBeat(now);
		const isStart = this.phase === 'startup';
		const span = isStart ? trainTime(this.minRoundTrip) : this.minRoundTrip;
		const interval = Math.max(span, 4 * this.#queue.jitter);
		const spacing = isStart ? trainSpacing(this.minRoundTrip) : this.minRoundTrip / 8;
		if (this.#delivery.add(size, sentAt, now, limited, interval, spacing, this.#queue.isLate)) {
			const rate = this.#resume.sample(this.#delivery.rate, this.minRoundTrip);
			if (!this.#delivery.limited || rate > this.#bandwidth.value) this.#bandwidth.add(rate);
			this.#round.onSample(this.#delivery.limited);
			if (isStart && rate === this.#delivery.rate) this.#onTrain();
		}
		if (this.#queue.delay <= this.queueMax / 2) this.#nearMinAt = now;
		if (this.phase === 'compete') this.#competition.rival!.onPacket(size, sentAt, now, limited);
		this.#step(now);
	}

	onRoundTrip(sample: number, now: Micros): void {
		this.#roundTrip.add(sample, now);
		this.#trip.add(sample);
		this.#resume.onRoundTrip(sample, this.#roundTrip.value);
		if (sample <= this.#roundTrip.value * 1.05) this.#nearMinAt = now;
	}

	onLost(octets: number, now: Micros): void {
		this.#loss.onLost(octets);
		this.#resume.onLost();
		if (this.#isPathLoss) return;
		const isQueued = this.#queue.delay > fullQueueMin(this.#bandwidth.value) + this.#queue.jitter;
		if (isQueued) this.#round.queueLost += octets;
		if (this.#isShortFull) this.#round.fullLost += octets;
		if (this.phase !== 'compete' || !(isQueued || this.#loss.isClean)) return;
		this.#competition.rival!.onLost(octets, now);
	}

	onLate(octets: number, now: Micros): void {
		this.#loss.onLate(octets);
		this.#competition.rival?.onLate(octets, now);
	}

	onRound(now: Micros, isHeld = false): void {
		if (isHeld) this.#resume.onHeld();
		// Where a round trip holds few packets, several of them are one round.
		if (this.#round.packetCount < roundPacketsMin) return;
		const rate = this.#round.rate(now);
		this.#phaseRounds++;
		this.#sharing.onRate(rate);
		if (this.#silentRounds > 0) {
			this.#silentRounds--;
			this.#loss.discard();
			this.#startup.fullRate = 0;
			this.#round.discard();
		}
		this.#loss.onRound();
		if (this.phase === 'startup') this.#endStartupRound(rate, now);
		else if (this.phase === 'up') this.#endProbeRound(now);
		else if (this.phase === 'cruise') this.#endCruiseRound(rate, now);
		else if (this.phase === 'ease') this.#endEaseRound(now);
		else if (this.phase === 'compete') this.#competition.onRound(now);
		else if (this.phase === 'share') this.#endShareRound(rate, now);
		if (!this.#round.limited && !this.#isProved) this.#bandwidth.nextRound();
		this.#round.begin(now);
	}

	onSilence(count: number, now: Micros): void {
		this.#nearMinAt = now;
		// What was on its way is lost with the path's silence, not for want of room on it.
		if (count >= 1) this.#silentRounds = silentRoundsMax;
		if (this.#resume.onSilence()) this.#retreat();
		this.#round.begin(now);
	}

	onNap(now: Micros): void {
		this.#napUntil = now + napMemory;
	}

	onPathChanged(now: Micros): void {
		this.#delivery.reset();
		this.#bandwidth.reset();
		this.#roundTrip.reset();
		this.#trip.reset();
		this.#queue.reset();
		this.#loss.reset();
		this.#startup.reset();
		this.#resume.reset();
		this.#competition.reset();
		this.#enter('startup', now);
	}

	/** What does not wait for the end of a round. */
	#step(now: Micros): void {
		const queueing = this.#queue.delay > this.queueMax;
		switch (this.phase) {
			case 'startup':
				if (this.#bandwidth.value === 0) return;
				if (queueing || (this.#loss.surging && this.#silentRounds === 0)) this.#endStartup(now);
				return;
			case 'drain':
			case 'down':
				if (this.#queue.delay <= this.queueMax / 2) this.#endDrain(now);
				else if (this.#phaseRounds < roundsMax.drain) return;
				// It does not go though nothing is added to it: there are others.
				else if (this.phase === 'drain') this.#share(this.#bandwidth.value, now);
				else this.#enter('cruise', now);
				return;
			case 'look':
				if (this.#isQueueEmpty) this.#endLook(now);
				else if (this.#phaseRounds >= roundsMax.look) this.#failLook(now);
				return;
			case 'share':
			case 'compete':
				return;
			case 'up':
				if (queueing && this.#phaseRounds >= 1) this.#endProbe(now, 'queue');
				return;
			case 'probeRoundTrip':
				if (this.#phaseRounds >= 1 && now - this.#phaseAt >= probeRoundTripTime) {
					this.#nearMinAt = now;
					this.#enter('cruise', now);
				}
				return;
			default:
				// The queue of a start takes some round trips to go, and they may be long.
				if (now - this.#nearMinAt > Math.max(roundTripSpan, roundTripRounds * this.minRoundTrip)) {
					this.#enter('probeRoundTrip', now);
				}
		}
	}

	/** Now all who share the path hold back. */
	#onBeat(now: Micros): void {
		if (this.phase === 'share' || this.phase === 'compete') {
			if (this.#phaseRounds >= 2) this.#enter('look', now);
		} else if (this.phase === 'cruise' && this.#formerRounds === 0) {
			// Who began in a full queue knows no other delay, and takes its losses for the path's.
			if (this.#loss.isUnclear && !this.#isPathLoss) this.#enter('probeRoundTrip', now);
		}
	}

	/** What is lost now is the path's own: the queue has room. */
	get #isPathLoss(): boolean {
		return this.#queue.hasRoom(fullQueueMin(this.#bandwidth.value));
	}

	get #isQueueEmpty(): boolean {
		return this.#queue.delay <= emptyQueueMax(this.#bandwidth.value) + this.#queue.jitter;
	}

	#onTrain(): void {
		if (this.#delivery.limited || this.#queue.isLate) return;
		const isHeldUp = this.#queue.latest > this.queueMax / 3;
		const {rate, sendRate} = this.#delivery;
		this.#startup.onTrain(rate, sendRate, this.#bandwidth.value, isHeldUp);
	}

	#endStartupRound(rate: number, now: Micros): void {
		const isShown = this.#startup.isConfirmed();
		if (!isShown && (this.#startup.grows(rate) || this.#round.partlyLimited)) return;
		const stretch = this.#delivery.sendRate / this.#delivery.rate;
		if (isShown || this.#startup.isFull(stretch) || this.#loss.excessive) this.#endStartup(now);
	}

	/** The path is full: the rate of the last moments, in which a queue stood, is what it takes. */
	#endStartup(now: Micros): void {
		const recent = this.#delivery.rateSince(this.minRoundTrip / 2, now);
		this.#bandwidth.add(recent);
		if (this.#resume.onCongestion()) this.#retreat();
		this.#enter('drain', now);
	}

	/** From what was sent and not validated: RFC 9959 §3.5. */
	#retreat(): void {
		this.#bandwidth.cap(retreatShare * this.#delivery.rate);
	}

	/** A queue stood all the time, so what came is what the path takes. */
	#endDrain(now: Micros): void {
		const span = now - this.#phaseAt;
		if (this.phase === 'drain' && span >= this.minRoundTrip / 2 && !this.#delivery.limited) {
			this.#bandwidth.cap(drainedGain * this.#delivery.rateSince(span, now));
		}
		this.#enter('cruise', now);
	}

	#endCruiseRound(rate: number, now: Micros): void {
		// The queue of a phase before is on its way out.
		const delay = this.#formerRounds > 0 ? 0 : this.#queue.delay;
		this.#queuedRounds = delay > this.queueMax ? this.#queuedRounds + 1 : 0;
		const queued = this.#queuedRounds >= 2 || delay > 2 * this.queueMax;
		if (this.#overflows && now >= this.#napUntil) {
			this.#competeFor(competeShare * this.#flight, now);
		} else if (queued && !this.#round.partlyLimited) {
			// The path takes less than was thought: no more than came through in this round.
			this.#bandwidth.cap(rate);
			if (now - this.#queuedAt < queuedSpan) this.#share(rate, now);
			else this.#enter('drain', now);
			this.#queuedAt = now;
		} else if (this.#formerRounds > 0) {
			// What was lost is still that of the phase before.
			this.#formerRounds--;
			// A policer lets the trains of a start through, and then far less.
			if (!this.#round.partlyLimited) this.#bandwidth.cap((2 * rate) / (1 - this.#loss.floor));
		} else if (this.#loss.excessive || this.#loss.doubtful) {
			this.#beginEase(rate, now);
		} else if (this.#phaseRounds >= this.#probe.pause) {
			this.#probe.begin(this.#bandwidth.value);
			this.#enter('up', now);
		}
	}

	/** A queue comes again: others are there, and each is to have the same of it. */
	#share(rate: number, now: Micros, held = 0): void {
		this.#sharing.begin(rate, this.minRoundTrip + ownQueueMax(rate) / 2, held);
		this.#enter('share', now);
		this.#formerRounds = formerRoundsMax;
	}

	#endShareRound(rate: number, now: Micros): void {
		const {delay} = this.#queue;
		const target = ownQueueMax(rate) + this.#queue.jitter;
		const isBack = this.#competition.isRecent(now) && delay > 2 * target;
		if ((this.#overflows || isBack) && now >= this.#napUntil) {
			this.#competeFor(competeShare * this.#flight, now);
			return;
		}
		if (this.#formerRounds > 0) {
			this.#formerRounds--;
			return;
		}
		const {most} = this.#queue;
		const isShort = this.#queue.isShort(this.minRoundTrip);
		if (isShort && this.#competition.isRecent(now)) {
			// Whose the queue is shows when it runs over, if nothing is added meanwhile.
			if (!this.#isShortFull) return;
			this.#sharing.giveWay();
			this.#competition.onSeen(now);
			return;
		}
		const wasShort = isShort && this.#competition.isRecent(now, leastSpan);
		const isCareful = wasShort && most > fullQueueMin(this.#bandwidth.value);
		const asked = isCareful ? Math.min(target, most / 2 + this.#queue.jitter) : target;
		const part = isCareful ? shortGrowth(most / this.minRoundTrip) : 1;
		const isAlone = this.#sharing.onRound(delay, asked, this.#round.partlyLimited, part);
		if (isAlone) this.#enter('cruise', now);
	}

	#endEaseRound(now: Micros): void {
		if (!this.#ease.onRound(this.#phaseRounds, this.#loss)) return;
		if (this.#ease.helped) this.#bandwidth.cap(this.#ease.rate);
		this.#enter('cruise', now);
	}

	/** All held back, and the queue is gone: all are of one kind, or alone. */
	#endLook(now: Micros): void {
		const held = this.#competition.rival?.window ?? this.#sharing.window;
		this.#competition.end();
		this.#share(this.#sharing.rate, now, held);
	}

	/** A queue that stays though this side holds back is kept up by others, as by CUBIC. */
	#failLook(now: Micros): void {
		const isKnown = this.#competition.rival !== undefined || now >= this.#napUntil;
		if (isKnown) this.#competeFor(this.#sharing.windowBefore, now);
		else this.#enter('share', now);
	}

	#competeFor(window: number, now: Micros): void {
		this.#competition.begin(Math.max(windowMin, window), this.#trip);
		this.#enter('compete', now);
	}

	/** What is on its way, the queue included. */
	get #flight(): number {
		return (this.#bandwidth.value * this.#trip.smoothed) / 1e6;
	}

	/** Cruising fills no queue. If one runs over all the same, there is somebody else. */
	get #overflows(): boolean {
		if (this.#formerRounds > 0 || this.#round.partlyLimited) return false;
		return this.#spills || this.#loss.isOverflow(this.#round.queueLost, this.#round.bytes);
	}

	get #isShortFull(): boolean {
		const isFull = this.#queue.isFull(fullQueueMin(this.#bandwidth.value));
		return isFull && this.#queue.isShort(this.minRoundTrip);
	}

	get #spills(): boolean {
		return this.#loss.isSpill(this.#round.fullLost, this.#round.bytes);
	}

	/** A probe made a short queue run over: what it showed is the path's, and stays known. */
	get #isProved(): boolean {
		return this.phase === 'cruise' && this.#loss.isClean && this.#probe.proves(this.#phaseRounds);
	}

	#beginEase(rate: number, now: Micros): void {
		if (this.#queue.hasRoom(this.queueMax) && this.#isQueueEmpty) {
			// What loses here is a queue, not a policer, and it is empty: this is the path's own.
			if (this.#phaseRounds > easeLag + 1) this.#loss.verify();
			return;
		}
		// Whose the loss is does not depend on holding back much further than to half.
		this.#ease.begin(Math.max(rate, this.#bandwidth.value / 2), this.#loss);
		this.#enter('ease', now);
	}

	#endProbeRound(now: Micros): void {
		if (this.#loss.excessive && this.#phaseRounds >= 2) {
			this.#endProbe(now, 'loss');
		} else if (this.#phaseRounds < 2 || this.#phaseRounds % 2 === 1) {
			// What a step brings shows in the round after it.
		} else if (this.#round.limited || !this.#probe.onStep(this.#bandwidth.value)) {
			this.#endProbe(now, 'nothing');
		}
	}

	#endProbe(now: Micros, met: 'queue' | 'loss' | 'nothing'): void {
		this.#probe.end(this.#spills ? 'spill' : met, this.#bandwidth.value, this.minRoundTrip);
		this.#enter('down', now);
	}

	#enter(phase: Phase, now: Micros): void {
		if (phase === 'drain' || phase === 'down') this.#formerRounds = formerRoundsMax;
		this.phase = phase;
		this.#queuedRounds = 0;
		this.#phaseRounds = 0;
		this.#phaseAt = now;
	}

	get #gain(): number {
		if (this.phase === 'startup') return this.#startup.gain;
		return this.phase === 'up' ? this.#probe.gain : gains[this.phase];
	}

	/** A queue longer than this is too long. */
	get queueMax(): number {
		const rate = this.#bandwidth.value;
		const isStart = this.phase === 'startup';
		const most = isStart ? startQueueMax(this.minRoundTrip, rate) : ownQueueMax(rate);
		return most + this.#queue.jitter;
	}
}

/** A round has at least as many packets as a sample of the rate. */
const roundPacketsMin = 10;

/** Microseconds after which a process that ran late is trusted again to see delays. */
const napMemory = 500_000;

/** Rounds after a probe for more in which its losses are still found. */
const formerRoundsMax = 2;

/** As many after a silence. */
const silentRoundsMax = 2;

/** BBR's MinPipeCwnd is of four packets; with six a loss is seen from packets behind it. */
const windowMin = 6 * 1228;

/** RFC 8085 §3.1.1: one datagram a round trip is always acceptable; here one in three seconds. */
const rateMin = 1228 / 3;

/** Rounds whose greatest rate counts: BBR's BtlBwFilterLen. */
const bandwidthRounds = 10;
/** As BBR's RTpropFilterLen, and rounds: until the least round trip must have been seen again. */
const roundTripSpan = 10_000_000;
const roundTripRounds = 10;

/** The end of a drain may leave the link idle for some milliseconds. */
const drainedGain = 1.05;
/** Microseconds, about a beat, in which a second queue while cruising is not of one's own doing. */
const queuedSpan = 4_000_000;
/** Faster than the window asks for, so that the window decides (RFC 9002 §7.7). */
const shareGain = 1.25;

/** What of its flight it keeps when a queue runs over, as CUBIC does (RFC 9438 §4.6). */
const competeShare = 0.7;
/** As BBR's cwnd_gain: one more flight for receipts that come late and in lumps. */
const windowGain = 2;

/** Feedback comes in steps: that much more may be on its way, in microseconds of the rate. */
const slackTime = 5000;

/** How long the path is left nearly empty to see its round trip: BBR's ProbeRTTDuration. */
const probeRoundTripTime = 200_000;
