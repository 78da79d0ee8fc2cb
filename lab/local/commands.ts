import type { Command } from '../../ops/kit/options';
import { messages } from './messages';

export const startCommand: Command<'once' | 'connections' | 'context'> = {
  name: 'npm start',
  usage: '[-- --once] [--connections 100] [-c capacity=ec2]',
  about: messages.startAbout,
  flags: {
    once: { form: '--once', help: messages.onceFlag },
    connections: { form: '--connections NUMBER', help: messages.connectionsFlag },
    context: { form: '-c, --context KEY=VALUE', help: messages.contextFlag },
  },
};

export const redeployCommand: Command<never> = {
  name: 'npm run deploy:local',
  usage: '',
  about: messages.redeployAbout,
  flags: {},
};
