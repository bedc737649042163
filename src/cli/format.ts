/** Figures for people: decimal units, a dot, no locale. */

const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** `1234567` as `1.23 MB`: three figures that count, whole octets below a thousand. */
export function formatSize(octets: number): string {
	let value = octets;
	let unit = 0;
	while (value >= 999.5 && unit < units.length - 1) {
		value /= 1000;
		unit++;
	}
	return `${unit === 0 ? Math.round(value) : threeFigures(value)} ${units[unit]}`;
}

/** Octets a second as `1.23 MB/s`. */
export function formatRate(octetsPerSecond: number): string {
	return `${formatSize(octetsPerSecond)}/s`;
}

/** `430 ms`, `12.3 s`, `4:05`, `3:00:12`. */
export function formatDuration(milliseconds: number): string {
	if (milliseconds < 999.5) return `${threeFigures(milliseconds)} ms`;
	const seconds = milliseconds / 1000;
	if (seconds < 59.95) return `${threeFigures(seconds)} s`;
	const whole = Math.round(seconds);
	const pair = (value: number) => String(value).padStart(2, '0');
	const minutes = Math.floor(whole / 60) % 60;
	const hours = Math.floor(whole / 3600);
	return hours === 0
		? `${minutes}:${pair(whole % 60)}`
		: `${hours}:${pair(minutes)}:${pair(whole % 60)}`;
}

/** Digits in groups of three, as rsync prints them. */
export function formatCount(count: number, decimals = 0): string {
	const [whole, fraction] = count.toFixed(decimals).split('.');
	const grouped = whole!.replaceAll(/\B(?=(\d{3})+$)/g, ',');
	return fraction === undefined ? grouped : `${grouped}.${fraction}`;
}

/** `1 file`, `1,200 files`. */
export function formatCounted(count: number, one: string, many = `${one}s`): string {
	return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** How long ago, in one unit: `just now`, `40 s ago`, `3 h ago`, `12 days ago`. */
export function formatAge(milliseconds: number): string {
	const seconds = Math.max(0, milliseconds) / 1000;
	if (seconds < 2) return 'just now';
	if (seconds < 120) return `${Math.round(seconds)} s ago`;
	if (seconds < 7200) return `${Math.round(seconds / 60)} min ago`;
	if (seconds < 172_800) return `${Math.round(seconds / 3600)} h ago`;
	return `${Math.round(seconds / 86_400)} days ago`;
}

function threeFigures(value: number): string {
	if (value < 9.995) return value.toFixed(2);
	return value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
