import type { Command } from '../../ops/kit/options';
import { messages } from './messages';

export const verifyCommand: Command<'environment' | 'region' | 'connections' | 'json'> = {
  name: 'npm run verify',
  usage: '-- --environment sandbox [--region eu-west-1] [--connections 100] [--json]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    connections: { form: '--connections NUMBER', help: messages.connectionsFlag },
    json: { form: '--json', help: messages.jsonFlag },
  },
};
