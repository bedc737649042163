/** A source of several that remembers what it was asked for; the test answers in its name. */
import type {ContentHandler, SupplyStatistics} from '../../src/engine/supply.ts';
import type {FetchRequest} from '../../src/transfer/request.ts';

export class ScriptedSupply {
	readonly hungry = true;
	readonly statistics = {roundTrip: 0} as SupplyStatistics;
	readonly asked: FetchRequest[] = [];
	outstandingCount = 0;
	octetsTaken = 0;
	contents!: ContentHandler;

	deliver(contents: ContentHandler): void {
		this.contents = contents;
	}

	fetch(request: FetchRequest): void {
		this.asked.push(request);
	}

	taken(octets: number): void {
		this.octetsTaken += octets;
	}

	async close(): Promise<void> {}
}
