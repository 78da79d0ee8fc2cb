import type { Command } from '../kit/options';
import { messages } from './messages';

export const preflightCommand: Command<'environment' | 'region' | 'context'> = {
  name: 'npm run preflight',
  usage: '-- --environment sandbox [--region eu-west-1] [-c kubernetes=true]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    context: { form: '-c, --context KEY=VALUE', help: messages.contextFlag },
  },
};
