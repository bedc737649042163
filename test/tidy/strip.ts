/**
 * TypeScript's text without what a rule must not look at. A scanner of its own, because a pattern
 * over raw text takes a quoted or commented word for code.
 */

/** Before one of these a slash divides; after anything else it begins a regular expression. */
const divides = /[\w$)\]}]$/;
const keywordBefore = /(?:^|[^\w$.])(?:return|typeof|case|in|of|void|throw|yield|await)$/;

type Options = {
	/** Leaves `''` of every string and the code of every template. */
	readonly strings: boolean;
};

/** `text` with comments (and, if asked, contents of strings) as spaces; lines stay lines. */
export function strip(text: string, {strings}: Options): string {
	let out = '';
	let at = 0;
	/** Braces open inside each template that is being read. */
	const templates: number[] = [];
	const blank = (part: string) => part.replaceAll(/[^\n]/g, ' ');
	const keep = (end: number) => {
		out += text.slice(at, end);
		at = end;
	};
	const quoted = (end: number) => {
		const part = text.slice(at, end);
		out +=
			strings && part.length >= 2 ? `${part[0]}${blank(part.slice(1, -1))}${part.at(-1)}` : part;
		at = end;
	};
	const templatePart = () => {
		const end = endOfTemplate(text, at + 1);
		const opens = text[end - 1] === '{';
		out += text[at];
		out += strings
			? blank(text.slice(at + 1, end - (opens ? 2 : 1)))
			: text.slice(at + 1, end - (opens ? 2 : 1));
		out += opens ? '${' : '`';
		at = end;
		if (opens) templates.push(0);
	};
	while (at < text.length) {
		const two = text.slice(at, at + 2);
		const one = text[at]!;
		if (two === '//' || two === '/*') {
			const end = endOfComment(text, at);
			out += blank(text.slice(at, end));
			at = end;
		} else if (one === "'" || one === '"') quoted(endOfString(text, at));
		else if (one === '`') templatePart();
		else if (one === '}' && templates.at(-1) === 0) {
			templates.pop();
			templatePart();
		} else if (one === '/' && !isDivision(out)) quoted(endOfPattern(text, at));
		else {
			const depth = templates.length - 1;
			if (one === '{' && depth >= 0) templates[depth]!++;
			if (one === '}' && depth >= 0) templates[depth]!--;
			keep(at + 1);
		}
	}
	return out;
}

function isDivision(before: string): boolean {
	const code = before.trimEnd();
	return divides.test(code) && !keywordBefore.test(code);
}

function endOfComment(text: string, start: number): number {
	const line = text[start + 1] === '/';
	const end = text.indexOf(line ? '\n' : '*/', start + 2);
	if (end < 0) return text.length;
	return line ? end : end + 2;
}

function endOfString(text: string, start: number): number {
	for (let at = start + 1; at < text.length; at++) {
		if (text[at] === '\\') at++;
		else if (text[at] === text[start] || text[at] === '\n') return at + 1;
	}
	return text.length;
}

function endOfPattern(text: string, start: number): number {
	let inClass = false;
	for (let at = start + 1; at < text.length; at++) {
		const one = text[at];
		if (one === '\\') at++;
		else if (one === '[') inClass = true;
		else if (one === ']') inClass = false;
		else if (one === '\n' || (one === '/' && !inClass)) return at + 1;
	}
	return text.length;
}

/** Just past the closing backquote or the opening `${`. */
function endOfTemplate(text: string, start: number): number {
	for (let at = start; at < text.length; at++) {
		if (text[at] === '\\') at++;
		else if (text[at] === '`') return at + 1;
		else if (text[at] === '$' && text[at + 1] === '{') return at + 2;
	}
	return text.length;
}
