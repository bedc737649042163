// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the scanner reads templates
import test from 'ava';
import {strip} from './strip.ts';

const code = (text: string) => strip(text, {strings: true});

test('comments go, lines stay', t => {
	t.is(code('a // b\nc /* d\ne */ f'), 'a     \nc     \n     f');
});

test('contents of strings and patterns go, code around them stays', t => {
	t.is(code(`a('b // c', "d'e")`), `a('      ', "   ")`);
	t.is(code('a = /[/"]b/.test(c)'), 'a = /     /.test(c)');
	t.is(code("return /'/.test(a) // b"), 'return / /.test(a)     ');
});

test('a division is no pattern', t => {
	t.is(code('a / b / c; d // e'), 'a / b / c; d     ');
	t.is(code('(a) / "b"'), '(a) / " "');
});

test('code in a template stays, its text goes', t => {
	t.is(code('`a ${b({c: 1})} d ${`e ${f}`} g` + h'), '`  ${b({c: 1})}   ${`  ${f}`}  ` + h');
	t.is(code('`\\`${a}`'), '`  ${a}`');
});

test('strings may be kept', t => {
	t.is(strip("import 'a'; // b", {strings: false}), "import 'a';     ");
	t.is(strip('`a // ${b /* c */} d`', {strings: false}), '`a // ${b        } d`');
});
