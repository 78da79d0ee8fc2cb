import type { Command } from '../kit/options';
import { messages } from './messages';

export const promoteCommand: Command<
  'from' | 'to' | 'digest' | 'service' | 'region' | 'from-region' | 'accept-findings'
> = {
  name: 'npm run promote',
  usage: '-- --from sandbox --to production, or -- --to production --digest sha256:…',
  about: messages.about,
  flags: {
    from: { form: '--from NAME', help: messages.fromFlag },
    to: { form: '--to NAME', help: messages.toFlag },
    digest: { form: '--digest DIGEST', help: messages.digestFlag },
    service: { form: '--service NAME', help: messages.serviceFlag },
    region: { form: '--region REGION', help: messages.regionFlag },
    'from-region': { form: '--from-region REGION', help: messages.fromRegionFlag },
    'accept-findings': { form: '--accept-findings', help: messages.acceptFlag },
  },
};
