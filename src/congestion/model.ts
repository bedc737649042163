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
import {LossFloor} from './loss-floor.ts';
import {gains, type Phase} from './phase.ts';
import {QueueDelay} from './queue-delay.ts';
import {RoundTrip, roundTripInitial} from './round-trip.ts';
import {RoundMax, TimeMin} from './windowed.ts';

export class PathModel implements Controller {
	phase: Phase = 'startup';
	readonly #delivery = new DeliveryRate();
	readonly #bandwidth = new RoundMax(bandwidthRounds);
	readonly #roundTrip = new TimeMin(roundTripSpan);
	readonly #trip = new RoundTrip();
	readonly #queue = new QueueDelay();
	readonly #loss = new LossFloor();
	/** Rounds since the phase began, and when it began. */
	#phaseRounds = 0;
	#phaseAt = 0;
	/** Startup: the greatest rate when it last grew, and rounds without growth since. */
	#fullRate = 0;
	#fullRounds = 0;
	/** Whether every sample of this round was of a source that had nothing more. */
	#roundLimited = true;
	/** Whether any was. */
	#roundPartlyLimited = false;
	/** What came in this round, and since when it lasts. */
	#roundBytes = 0;
	#roundPackets = 0;
	#roundAt = 0;
	/** Rounds of cruising in a row in which a queue stood. */
	#queuedRounds = 0;
	/** Easing: the loss and the rate before it, and rounds of losses until it took effect. */
	#easedLoss = 0;
	#easedRate = 0;
	#easedCount = 0;
	/** Probing: how many rounds to cruise, and how hard the next probe is. */
	#cruiseRounds = cruiseMin;
	#upGain = upGainMin;
	#upFrom = 0;
	/** What was lost in this round while a queue stood. */
	#queueLost = 0;
	readonly #competition = new Competition();
	/** Rounds whose losses are those of an earlier phase. */
	#formerRounds = 0;
	/** Until then delays say nothing of the path. */
	#napUntil = 0;
	/** Rounds after a silence that say nothing of loss. */
	#silentRounds = 0;
	/** When the round trip was last seen near its least. */
	#nearMinAt = 0;

	get rate(): number {
		const bandwidth = this.#bandwidth.value;
		if (this.phase === 'compete') return Math.max(this.#competition.rival!.rate, rateMin);
		if (bandwidth === 0) return (initialWindow * 1e6) / this.minRoundTrip;
		// Held back, the rate is below what got through, so that no queue can be full.
		if (this.phase === 'ease') return Math.max(this.#easedRate * this.#gain, rateMin);
		const rate = bandwidth * this.#gain * this.#madeUp;
		if (this.phase !== 'startup') return Math.max(rate, rateMin);
		const least = this.#fullRate === 0 ? (initialWindow * 1e6) / this.minRoundTrip : rateMin;
		return Math.max(rate, least);
	}

	/**
	 * What loss is made up for by: all that is known to be the path's own; at the start, where
	 * nobody knows yet, a part, since it may be the start's.
	 */
	get #madeUp(): number {
		const {typical, isVerified} = this.#loss;
		if (isVerified) return 1 / (1 - typical);
		return this.phase === 'startup' ? 1 / (1 - Math.min(typical, startupLossMax)) : 1;
	}

	get window(): number {
		if (this.phase === 'compete') return Math.max(this.#competition.rival!.window, windowMin);
		const bandwidth = this.#bandwidth.value * this.#madeUp;
		const flight = (bandwidth * this.minRoundTrip) / 1e6;
		if (this.phase === 'probeRoundTrip') return Math.max(windowMin, flight / 2);
		const slack = (bandwidth * (slackTime + this.#lateness)) / 1e6 + windowMin;
		if (this.phase === 'startup') {
			return Math.max(initialWindow, startupWindowGain * flight + slack);
		}
		if (this.phase === 'up') return Math.max(2, this.#upGain) * 1.05 * flight + slack;
		return windowGain * flight + slack;
	}

	/**
	 * How much later than the path and its queue explain a round trip ends: processes that share
	 * their cores, and networks that hand packets over in lumps. What is sent meanwhile must fit
	 * the window (the aggregation of BBRv2), or a busy machine's path is taken for a narrow one.
	 */
	get #lateness(): number {
		if (this.#trip.sampleCount === 0) return 0;
		const {smoothed, variation} = this.#trip;
		return Math.max(0, smoothed + 2 * variation - this.minRoundTrip - this.#queue.delay);
	}

	/** For a trace: what the model has learnt. */
	get queueDelay(): number {
		return this.#queue.delay;
	}

	get lossFloor(): number {
		return this.#loss.floor;
	}

	get lossRate(): number {
		return this.#loss.recent;
	}

	get minRoundTrip(): number {
		const least = this.#roundTrip.value;
		return least === Infinity ? roundTripInitial : least;
	}

	/** Octets a second that get through, as far as known. */
	get bandwidth(): number {
		return this.#bandwidth.value;
	}

	onPacket(size: number, sentAt: number, now: Micros, limited: boolean): void {
		this.#loss.onArrived(size);
		this.#roundBytes += size;
		if (this.#roundPackets++ === 0 && this.#roundAt === 0) this.#roundAt = now;
		this.#queue.add(now - sentAt, now, this.minRoundTrip);
		const interval = Math.max(this.minRoundTrip, 4 * this.#queue.jitter);
		// While the rate doubles each round, an eighth of one is a long time.
		const eighth = this.minRoundTrip / 8;
		const spacing =
			this.phase === 'startup' ? Math.min(eighth, Math.max(eighth / 4, 1000)) : eighth;
		if (this.#delivery.add(size, sentAt, now, limited, interval, spacing)) {
			const {rate} = this.#delivery;
			if (!this.#delivery.limited || rate > this.#bandwidth.value) this.#bandwidth.add(rate);
			if (this.#delivery.limited) this.#roundPartlyLimited = true;
			else this.#roundLimited = false;
		}
		if (this.#queue.delay <= this.queueMax / 2) this.#nearMinAt = now;
		if (this.phase === 'compete') this.#competition.rival!.onPacket(size, sentAt, now, limited);
		this.#step(now);
	}

	onRoundTrip(sample: number, now: Micros): void {
		this.#roundTrip.add(sample, now);
		this.#trip.add(sample);
		if (sample <= this.#roundTrip.value * 1.05) this.#nearMinAt = now;
	}

	onLost(octets: number, now: Micros): void {
		this.#loss.onLost(octets);
		// What is lost while no queue stands is the path's own.
		if (this.#queue.delay <= this.#fullQueueMin) return;
		this.#queueLost += octets;
		if (this.phase === 'compete') this.#competition.rival!.onLost(octets, now);
	}

	onLate(octets: number, now: Micros): void {
		this.#loss.onLate(octets);
		this.#competition.rival?.onLate(octets, now);
	}

	onRound(now: Micros): void {
		// Where a round trip holds few packets, several of them are one round.
		if (this.#roundPackets < roundPacketsMin) return;
		const rate = (this.#roundBytes * 1e6) / Math.max(1, now - this.#roundAt);
		this.#phaseRounds++;
		if (this.#silentRounds > 0) {
			this.#silentRounds--;
			this.#loss.discard();
			this.#fullRate = 0;
			this.#roundLimited = true;
			this.#roundPartlyLimited = true;
		}
		this.#loss.onRound();
		if (this.phase === 'startup') this.#endStartupRound(rate, now);
		else if (this.phase === 'up') this.#endProbeRound(now);
		else if (this.phase === 'cruise') this.#endCruiseRound(rate, now);
		else if (this.phase === 'ease') this.#endEaseRound(now);
		else if (this.phase === 'compete') this.#endCompeteRound(now);
		if (!this.#roundLimited) this.#bandwidth.nextRound();
		this.#beginRound(now);
	}

	onSilence(count: number, now: Micros): void {
		this.#nearMinAt = now;
		// What was on its way is lost with the path's silence, not for want of room on it.
		if (count >= 1) this.#silentRounds = silentRoundsMax;
		this.#beginRound(now);
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
		this.#fullRate = 0;
		this.#fullRounds = 0;
		this.#competition.reset();
		this.#enter('startup', now);
	}

	#beginRound(now: Micros): void {
		this.#roundLimited = true;
		this.#roundPartlyLimited = false;
		this.#roundBytes = 0;
		this.#queueLost = 0;
		this.#roundPackets = 0;
		this.#roundAt = now;
	}

	/** What does not wait for the end of a round. */
	#step(now: Micros): void {
		const queueing = this.#queue.delay > this.queueMax && now >= this.#napUntil;
		switch (this.phase) {
			case 'startup':
				if (this.#bandwidth.value === 0) return;
				if (queueing || (this.#loss.surging && this.#silentRounds === 0)) this.#endStartup(now);
				return;
			case 'drain':
			case 'down':
				if (this.#isDrained(now)) this.#endDrain(now);
				else if (this.#phaseRounds >= this.#drainRoundsMax) this.#failDrain(now);
				return;
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

	#endStartupRound(rate: number, now: Micros): void {
		if (rate >= this.#fullRate * growthMin) {
			this.#fullRate = rate;
			this.#fullRounds = 0;
			return;
		}
		if (this.#roundPartlyLimited) return;
		this.#fullRounds++;
		// A full path holds packets up or loses them. Without either, something else is in the way.
		const heldUp = this.#delivery.sendRate >= heldUpMin * this.#delivery.rate;
		const full = this.#fullRounds >= (heldUp ? fullRoundsMin : fullRoundsMax);
		if (full || this.#loss.excessive) this.#endStartup(now);
	}

	/** The path is full: the rate of the last moments, in which a queue stood, is what it takes. */
	#endStartup(now: Micros): void {
		const recent = this.#delivery.rateSince(this.minRoundTrip / 2, now);
		this.#bandwidth.add(recent);
		this.#enter('drain', now);
	}

	#endCruiseRound(rate: number, now: Micros): void {
		this.#queuedRounds = this.#queue.delay > this.queueMax ? this.#queuedRounds + 1 : 0;
		const queued = this.#queuedRounds >= 2 || this.#queue.delay > 2 * this.queueMax;
		// It went for a look alone, and here it is again.
		const isBack = this.#competition.isRecent(now) && this.#queue.delay > 2 * this.queueMax;
		if ((this.#overflows || isBack) && now >= this.#napUntil) {
			this.#compete(now, competeShare);
		} else if (queued && !this.#roundPartlyLimited && now >= this.#napUntil) {
			// The path takes less than was thought: no more than came through in this round.
			this.#bandwidth.cap(rate);
			this.#enter('drain', now);
		} else if (this.#formerRounds > 0) {
			// What was lost is still that of the phase before.
			this.#formerRounds--;
		} else if (this.#loss.excessive || this.#loss.doubtful) {
			this.#ease(rate, now);
		} else if (this.#phaseRounds >= this.#cruiseRounds) {
			this.#upFrom = this.#bandwidth.value;
			this.#enter('up', now);
		}
	}

	/** Sending less shows whose the loss is: what remains is the path's. */
	#endEaseRound(now: Micros): void {
		if (this.#phaseRounds <= easeLag) {
			this.#loss.discard();
			this.#easedCount = this.#loss.roundCount;
		} else if (this.#loss.roundCount >= this.#easedCount + 2) {
			this.#loss.verify();
			if (this.#loss.recent < this.#easedLoss / 2) this.#bandwidth.cap(this.#easedRate);
			this.#enter('cruise', now);
		}
	}

	#endDrain(now: Micros): void {
		this.#competition.onDrained();
		this.#enter('cruise', now);
	}

	/** Half the rate for two whole round trips empties any queue of one's own; one to see it. */
	get #drainRoundsMax(): number {
		return this.#competition.rival === undefined ? drainRoundsMax : lookRoundsMax;
	}

	/** A queue that does not go though this side holds back is kept up by others, as by CUBIC. */
	#failDrain(now: Micros): void {
		if (this.phase === 'drain' && this.#competition.onFailedDrain()) this.#compete(now, 1);
		else this.#enter('cruise', now);
	}

	#compete(now: Micros, share: number): void {
		const flight = (share * this.#bandwidth.value * this.#trip.smoothed) / 1e6;
		this.#competition.begin(Math.max(windowMin, flight), this.#trip, now);
		this.#enter('compete', now);
	}

	/** Cruising fills no queue. If one runs over all the same, there is somebody else. */
	get #overflows(): boolean {
		if (this.#formerRounds > 0 || this.#roundPartlyLimited) return false;
		// Where the path itself loses much, a share of one round tells nothing.
		const {typical} = this.#loss;
		if (typical > overflowTypicalMax) return false;
		const chance = Math.sqrt((typical * packetSize) / Math.max(1, this.#roundBytes));
		return this.#queueLost > (typical + overflowMin + chance) * this.#roundBytes;
	}

	/** A queue that may be a full one, where queues are short. */
	get #fullQueueMin(): number {
		const packetTime = (packetSize * 1e6) / Math.max(1, this.#bandwidth.value);
		return 1000 + 2 * packetTime + this.#queue.jitter;
	}

	/** From time to time it is tried whether there still is anybody else. */
	#endCompeteRound(now: Micros): void {
		if (this.#competition.onRound(this.#phaseAt, now)) this.#enter('drain', now);
	}

	#ease(rate: number, now: Micros): void {
		// Whose the loss is does not depend on holding back much further than to half.
		this.#easedRate = Math.max(rate, this.#bandwidth.value / 2);
		this.#easedLoss = this.#loss.recent;
		this.#enter('ease', now);
	}

	#endProbeRound(now: Micros): void {
		if (this.#loss.excessive && this.#phaseRounds >= 2) {
			this.#endProbe(now, 'loss');
		} else if (this.#phaseRounds < 2 || this.#phaseRounds % 2 === 1) {
			// What a step brings shows in the round after it.
		} else if (this.#bandwidth.value >= this.#upFrom * upGrowth && !this.#roundLimited) {
			// There is room: look for its end in steps that double, as at the start.
			this.#upFrom = this.#bandwidth.value;
			this.#upGain = Math.min(this.#upGain * 1.5, upGainMax);
			this.#cruiseRounds = cruiseMin;
		} else {
			this.#endProbe(now, 'nothing');
		}
	}

	/**
	 * How long to wait for the next probe. Where probes end in a queue that others may share, it is
	 * the longer the faster this transfer is: so slower ones gain on it.
	 */
	#endProbe(now: Micros, met: 'queue' | 'loss' | 'nothing'): void {
		this.#upGain = upGainMin;
		if (met === 'queue') {
			const packets = this.#bandwidth.value / packetSize;
			const pause = probePause * Math.sqrt(packets);
			this.#cruiseRounds = Math.max(cruiseMin, Math.ceil(pause / this.minRoundTrip));
		} else {
			const most = met === 'loss' ? cruiseMax : cruiseIdleMax;
			this.#cruiseRounds = Math.max(this.#cruiseRounds, Math.min(2 * this.#cruiseRounds, most));
		}
		this.#enter('down', now);
	}

	/** The queue is as good as gone when all that was held back so far has taken effect. */
	#isDrained(now: Micros): boolean {
		// Where others may fill it, only what is seen counts.
		if (this.#competition.rival !== undefined) return this.#queue.delay <= this.queueMax / 2;
		const heldBack = (1 - this.#gain) * Math.min(now - this.#phaseAt, this.minRoundTrip);
		return this.#queue.delay - heldBack <= this.queueMax / 2;
	}

	#enter(phase: Phase, now: Micros): void {
		if (phase === 'drain' || phase === 'down') this.#formerRounds = formerRoundsMax;
		this.phase = phase;
		this.#queuedRounds = 0;
		this.#phaseRounds = 0;
		this.#phaseAt = now;
	}

	get #gain(): number {
		return this.phase === 'up' ? this.#upGain : gains[this.phase];
	}

	/** A queue longer than this is more than noise: RFC 9406 §4.2, and three packets' own time. */
	get queueMax(): number {
		const base = Math.min(queueMost, Math.max(queueLeast, this.minRoundTrip / 8));
		const packetTime = (1228 * 1e6) / Math.max(1, this.#bandwidth.value);
		return base + 3 * packetTime + this.#queue.jitter;
	}
}

/** A round has at least as many packets as a sample of the rate. */
const roundPacketsMin = 10;

/** 32 datagrams in the first round trip. */
const initialWindow = 32 * 1228;

/** Microseconds after which a process that ran late is trusted again to see delays. */
const napMemory = 500_000;

/** A full datagram of 1200 octets with IPv4 and UDP headers. */
const packetSize = 1228;

/** Rounds after a probe for more in which its losses are still found. */
const formerRoundsMax = 2;

/** Rounds after a silence in which its losses are still found. */
const silentRoundsMax = 2;

/** Never less than four packets on their way, so that losses show. */
const windowMin = 6 * 1228;

/** RFC 8085 §3.1.1: one datagram a round trip is always acceptable; here one in three seconds. */
const rateMin = 1228 / 3;

/** Rounds whose greatest rate counts; microseconds, or rounds, whose least round trip does. */
const bandwidthRounds = 10;
const roundTripSpan = 10_000_000;
const roundTripRounds = 10;

const startupWindowGain = 2.89;
const startupLossMax = 0.3;
const drainRoundsMax = 4;
/** Rounds of holding back to see whether somebody else is there: two, and one to see it. */
const lookRoundsMax = 3;
/** What of its flight it keeps when a queue runs over, as CUBIC does. */
const competeShare = 0.7;
/** Share lost in a queue, beyond the path's own, that is an overflow; most of the path's own. */
const overflowMin = 0.005;
const overflowTypicalMax = 0.03;

/** Rounds of easing until the losses that are found are of packets sent since. */
const easeLag = 3;
const upGainMin = 1.25;
const upGainMax = 2.77;
const upGrowth = 1.1;
const windowGain = 2;

/** Growth of the rate in a round below which a path may be full; BBR takes three such rounds. */
const growthMin = 1.25;
const fullRoundsMin = 3;
const fullRoundsMax = 8;

/** Sent that much faster than they arrive, packets queue up. */
const heldUpMin = 1.1;

/** Rounds between two probes for more: doubled by each one that met congestion. */
const cruiseMin = 2;
/**
 * Microseconds, times the root of the packets a second: 60 ms at 1 Mbit/s, 270 ms at 20. Two shoals
 * on 20 Mbit/s, one begun three seconds later: 15.0 and 3.6 with pauses that double, 9.8 and 8.8
 * with these (test/sim/fairness.test.ts).
 */
const probePause = 6000;
const cruiseMax = 60;
const cruiseIdleMax = 16;

/** RFC 9406 §4.3: bounds of the delay that ends a start. */
const queueLeast = 4000;
const queueMost = 16_000;

/** Feedback comes in steps: that much more may be on its way, in microseconds of the rate. */
const slackTime = 5000;

/** How long the path is left nearly empty to see its round trip. */
const probeRoundTripTime = 200_000;
