import { OPTIONAL_PARTS } from '../../lib/optional-parts';
import { messages as deployMessages } from '../deploy/messages';
import type { Command } from '../kit/options';
import { messages } from './messages';

/** What `--part` takes. */
export const PARTS: readonly string[] = OPTIONAL_PARTS.map(([, property]) => property);

export const destroyCommand: Command<'environment' | 'region' | 'context' | 'part' | 'yes' | 'confirm'> = {
  name: 'npm run destroy',
  usage: '-- --environment sandbox [--region eu-west-1] [--part httpApi] [--yes]',
  about: messages.about({ parts: PARTS.join(', ') }),
  flags: {
    environment: { form: '--environment NAME', help: deployMessages.environmentFlag },
    region: { form: '--region REGION', help: deployMessages.regionFlag },
    context: { form: '-c, --context KEY=VALUE', help: deployMessages.contextFlag },
    part: { form: '--part PART', help: messages.partFlag },
    yes: { form: '--yes', help: messages.yesFlag },
    confirm: { form: '--confirm NAME', help: deployMessages.confirmFlag },
  },
};
