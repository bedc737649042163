/** Completion for zsh, by its function _arguments (zshcompsys(1)). */
import {
	type Completed,
	type CompletedCommand,
	type CompletedOption,
	completedCommands,
	standard,
} from './model.ts';

export function zshCompletion(): string {
	const commands = completedCommands();
	return `#compdef shoal
# zsh completion for shoal(1); printed by: shoal completion zsh
_shoal() {
	local curcontext=$curcontext state line
	local -a commands
	commands=(
${commands.map(({name, summary}) => `\t\t${quote(`${name}:${summary}`)}`).join('\n')}
		'help:print the help of a command'
	)
	_arguments -C \\
${standard.map(option => `\t\t${optionSpec(option)} \\`).join('\n')}
		'1: :->command' \\
		'*:: :->rest' && return
	case $state in
	command) _describe -t commands command commands ;;
	rest)
		curcontext=\${curcontext%:*:*}:shoal-$words[1]:
		case $words[1] in
		help) _describe -t commands command commands ;;
${commands.map(commandCase).join('\n')}
		esac
		;;
	esac
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_shoal "$@"
else
	compdef _shoal shoal
fi
`;
}

function commandCase({name, options, operands}: CompletedCommand): string {
	const specs = [
		...options.map(optionSpec),
		...operands.map((operand, index) => quote(`${index + 1}:${operand.name}:${action(operand)}`)),
	];
	return `\t\t${name})\n\t\t\t_arguments -s \\\n\t\t\t\t${specs.join(' \\\n\t\t\t\t')}\n\t\t\t;;`;
}

/** `'(-n --dry-run)'{-n,--dry-run}'[what it does]'`, with `=` and an action if it takes a value. */
function optionSpec({short, long, value, repeat, help}: CompletedOption): string {
	const ends = standard.some(option => option.long === long);
	const text = help.replace(/\.$/, '').replaceAll(/[\\[\]]/g, '\\$&');
	const takes = value === undefined ? '' : `:${value.name.replaceAll(':', '\\:')}:${action(value)}`;
	const flags = [
		...(short === undefined ? [] : [value === undefined ? `-${short}` : `-${short}+`]),
		value === undefined ? `--${long}` : `--${long}=`,
	];
	const both = [...(short === undefined ? [] : [`-${short}`]), `--${long}`];
	const before = repeat ? '*' : `(${ends ? '- *' : both.join(' ')})`;
	const tail = quote(`[${text}]${takes}`);
	if (flags.length === 1) return quote(`${before}${flags[0]}[${text}]${takes}`);
	return `${quote(before)}{${flags.join(',')}}${tail}`;
}

function action({kind, words}: Completed): string {
	if (words.length > 0) return `(${words.join(' ')})`;
	return kind === 'directory' ? '_files -/' : kind === 'file' ? '_files' : ' ';
}

function quote(text: string): string {
	return `'${text.replaceAll("'", "'\\''")}'`;
}
