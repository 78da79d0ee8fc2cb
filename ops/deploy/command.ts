import type { Command } from '../kit/options';
import { messages } from './messages';

export const deployCommand: Command<
  'environment' | 'region' | 'context' | 'yes' | 'confirm' | 'skip-preflight' | 'require-approval' | 'express'
> = {
  name: 'npm run deploy',
  usage: '-- --environment sandbox [--region eu-west-1] [-c kubernetes=true] [--yes]',
  about: messages.about,
  flags: {
    environment: { form: '--environment NAME', help: messages.environmentFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    context: { form: '-c, --context KEY=VALUE', help: messages.contextFlag },
    yes: { form: '--yes', help: messages.yesFlag },
    confirm: { form: '--confirm NAME', help: messages.confirmFlag },
    'skip-preflight': { form: '--skip-preflight', help: messages.skipPreflightFlag },
    'require-approval': { form: '--require-approval WHEN', help: messages.requireApprovalFlag },
    express: { form: '--express', help: messages.expressFlag },
  },
};
