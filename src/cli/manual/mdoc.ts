/** Text as mdoc(7), the language of manual pages: what would be a request of roff is escaped. */

/** `--flag`, maybe in brackets or followed by a mark, as prose names an option. */
const optionWord = /^(\(?)-(-?[A-Za-z0-9][\w-]*)([.,;:)]*)$/;

/** Paragraphs, separated by empty lines, as lines of mdoc: a new sentence begins a new line. */
export function prose(text: string): string[] {
	return text.split('\n\n').flatMap((paragraph, index) => {
		const lines = paragraphLines(paragraph);
		return index === 0 ? lines : ['.Pp', ...lines];
	});
}

function paragraphLines(paragraph: string): string[] {
	const lines: string[] = [];
	let line: string[] = [];
	const end = () => {
		if (line.length > 0) lines.push(guard(line.join(' ')));
		line = [];
	};
	for (const word of paragraph.trim().split(/\s+/)) {
		const option = optionWord.exec(word);
		if (option === null) {
			line.push(quoted(word));
			if (/[.!?]$/.test(word)) end();
			continue;
		}
		end();
		const [, open, flag, marks] = option;
		lines.push(['.Fl', ...open!, flag!, ...marks!].join(' '));
	}
	end();
	return lines;
}

/** Lines that are shown as they are, to be copied. */
export function literal(lines: readonly string[]): string[] {
	return ['.Bd -literal -offset indent', ...lines.map(line => guard(quoted(line))), '.Ed'];
}

/** A list of terms, each a line of macros after `.It`, and what is said of it. */
export function tagged(items: readonly (readonly [term: string, body: readonly string[]])[]) {
	return [
		'.Bl -tag -width Ds',
		...items.flatMap(([term, body]) => [`.It ${term}`, ...body]),
		'.El',
	];
}

/** Flags as commander has them, `-s, --long <value>`, as macros: `Fl s , Fl -long Ar value`. */
export function flagMacros(flags: string): string {
	return flags
		.split(/,? /)
		.map(word => (word.startsWith('-') ? `Fl ${word.slice(1)}` : `Ar ${word.slice(1, -1)}`))
		.join(' ')
		.replace(/^(Fl \S+) Fl/, '$1 , Fl');
}

/** Backslashes, and the characters that roff prints as typographic ones. */
function quoted(text: string): string {
	return text
		.replaceAll('\\', '\\e')
		.replaceAll('-', '\\-')
		.replaceAll("'", '\\(aq')
		.replaceAll('`', '\\(ga')
		.replaceAll('~', '\\(ti')
		.replaceAll('^', '\\(ha');
}

/** A line that begins with a dot or an apostrophe would be a request. */
function guard(line: string): string {
	return /^[.']/.test(line) ? `\\&${line}` : line;
}
