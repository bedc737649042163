/** `shoal keygen`: makes missing keys, or new ones, and prints the identity that receivers pin. */
import {formatKey} from '../session/key-text.ts';
import {ConfigDirectory} from '../store/config-directory.ts';
import {ensureKey} from '../store/keys.ts';
import {rotateKeys} from '../store/rotations.ts';
import type {Context} from './context.ts';
import {failedRun} from './failed-run.ts';
import {withVoice} from './voice.ts';

export function runKeygen(context: Context): Promise<number> {
	const {configDirectory, options, platform, terminal} = context;
	return withVoice(context, failedRun, voice => {
		const config = ConfigDirectory.open(platform, configDirectory, true)!;
		try {
			const {crypto, clock} = platform;
			const {identity, former} =
				options.rotate === undefined
					? {identity: ensureKey(config, crypto, 'identity'), former: undefined}
					: rotateKeys(config, crypto, clock.wallMs());
			ensureKey(config, crypto, 'host');
			const publicKey = formatKey(identity.public);
			const succeeds = former === undefined ? {} : {formerKey: formatKey(former)};
			if (options.json === undefined) void terminal.write(`${publicKey}\n`);
			voice.tell({
				event: 'result',
				ok: true,
				exit: 0,
				publicKey,
				...succeeds,
				directory: config.path,
			});
			if (terminal.interactive) voice.notice(`the secret keys are in ${config.path}`);
			return 0;
		} finally {
			config.close();
		}
	});
}
