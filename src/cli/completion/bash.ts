/**
 * Completion for bash, 3.2 and later, without the package bash-completion. Words that hold `=` come
 * in parts, because COMP_WORDBREAKS has it.
 */
import {type Completed, type CompletedCommand, completedCommands, standard} from './model.ts';

export function bashCompletion(): string {
	const commands = completedCommands();
	const names = [...commands.map(({name}) => name), 'help', ...standard.map(long)];
	return `# bash completion for shoal(1); printed by: shoal completion bash
_shoal() {
	local word=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD - 1]}
	local command= options= operands= values= index
	COMPREPLY=()
	if [[ $word == = ]]; then
		word=
	elif [[ $before == = ]]; then
		before=\${COMP_WORDS[COMP_CWORD - 2]}
	fi
	for ((index = 1; index < COMP_CWORD; index++)); do
		[[ \${COMP_WORDS[index]} == -* ]] && continue
		command=\${COMP_WORDS[index]}
		break
	done
	case $command in
	'') options=${quote(names)} operands=none ;;
	help) operands=${quote(commands.map(({name}) => name))} ;;
${commands.map(commandCase).join('\n')}
	esac
	case $command:$before in
${valueCases(commands).join('\n')}
	esac
	if [[ -n $values ]]; then
		_shoal_offer "$values"
	elif [[ -z $command || $word == -* ]]; then
		_shoal_offer "$options"
	else
		_shoal_offer "$operands"
	fi
}

# What may stand here: directories, files, anything, or one of some words.
_shoal_offer() {
	local found
	case $1 in
	none) ;;
	directory | file)
		compopt -o filenames 2>/dev/null
		while IFS= read -r found; do
			COMPREPLY+=("$found")
		done < <(compgen -A "$1" -- "$word")
		;;
	*)
		while IFS= read -r found; do
			COMPREPLY+=("$found")
		done < <(compgen -W "$1" -- "$word")
		;;
	esac
}

complete -F _shoal shoal
`;
}

function commandCase({name, options, operands}: CompletedCommand): string {
	const words = options.flatMap(({short, long}) =>
		short === undefined ? [`--${long}`] : [`-${short}`, `--${long}`],
	);
	return `\t${name}) options=${quote(words)} operands=${quote(offer(widest(operands)))} ;;`;
}

/** Operands may stand among options, so their number is not known: what fits any of them. */
function widest(operands: readonly Completed[]): Completed {
	const all = operands.map(({kind}) => kind);
	const kind = all.includes('file') ? 'file' : all.includes('directory') ? 'directory' : 'none';
	return {kind, words: operands.flatMap(({words}) => words)};
}

function valueCases(commands: readonly CompletedCommand[]): string[] {
	return commands.flatMap(({name, options}) =>
		options.flatMap(({short, long, value}) => {
			if (value === undefined) return [];
			const flags = [`--${long}`, ...(short === undefined ? [] : [`-${short}`])];
			const pattern = flags.map(flag => `${name}:${flag}`).join(' | ');
			return [`\t${pattern}) values=${quote(offer(value))} ;;`];
		}),
	);
}

function offer({kind, words}: Completed): string[] {
	return words.length > 0 ? [...words] : [kind];
}

function long(option: {readonly long: string}): string {
	return `--${option.long}`;
}

/** In single quotes: no word of the tables has one, which a test holds. */
function quote(words: readonly string[]): string {
	return `'${words.join(' ')}'`;
}
