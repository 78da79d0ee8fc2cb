import type { Command } from '../kit/options';
import { messages } from './messages';

export const sweepCommand: Command<'environment' | 'region' | 'delete' | 'yes'> = {
  name: 'npm run sweep',
  usage: '-- --environment sandbox [--region eu-west-1] [--delete] [--yes]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    delete: { form: '--delete', help: messages.deleteFlag },
    yes: { form: '--yes', help: messages.yesFlag },
  },
};
