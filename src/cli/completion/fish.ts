/** Completion for fish, by its builtin complete. */
import {type Completed, completedCommands, standard} from './model.ts';

export function fishCompletion(): string {
	const commands = completedCommands();
	const lines = [
		'# fish completion for shoal(1); printed by: shoal completion fish',
		'complete -c shoal -f',
		...standard.map(
			({short, long, help}) =>
				`complete -c shoal -n __fish_use_subcommand -s ${short} -l ${long} -d ${quote(help)}`,
		),
		...[...commands, {name: 'help', summary: 'print the help of a command'}].map(
			({name, summary}) =>
				`complete -c shoal -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
		),
		`complete -c shoal -n ${seen('help')} -a ${quote(commands.map(({name}) => name).join(' '))}`,
	];
	for (const {name, options, operands} of commands) {
		for (const {short, long, value, help} of options) {
			const flags = [...(short === undefined ? [] : ['-s', short]), '-l', long];
			const takes = value === undefined ? [] : offer(value);
			lines.push(
				['complete -c shoal -n', seen(name), ...flags, ...takes, '-d', quote(help)].join(' '),
			);
		}
		for (const operand of operands) {
			if (operand.kind === 'none' && operand.words.length === 0) continue;
			const [, ...what] = offer(operand);
			const line = ['complete -c shoal -n', seen(name), ...what].join(' ');
			if (!lines.includes(line)) lines.push(line);
		}
	}
	return `${lines.join('\n')}\n`;
}

/** A value is required (-r), and no file (-x) or a file (-F) or one of some words (-a). */
function offer({kind, words}: Completed): string[] {
	if (words.length > 0) return ['-x', '-a', quote(words.join(' '))];
	if (kind === 'directory') return ['-x', '-a', quote('(__fish_complete_directories)')];
	return kind === 'file' ? ['-r', '-F'] : ['-x'];
}

function seen(command: string): string {
	return quote(`__fish_seen_subcommand_from ${command}`);
}

function quote(text: string): string {
	return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
