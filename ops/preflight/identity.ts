import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { checkAccount } from '../../lib/context';
import { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import { messages } from './messages';
import type { Outcome } from './outcome';

export interface Identity {
  readonly account: string;
  readonly arn: string;
}

export async function askIdentity(region: string): Promise<Identity> {
  const { Account = '', Arn = '' } = await new STSClient(clientOptions(region)).send(new GetCallerIdentityCommand({}));
  return { account: Account, arn: Arn };
}

/** Checks that the credentials belong to the account of the environment. An ARN has no secrets. */
export function identity(config: EnvironmentConfig, { account, arn }: Identity): Outcome {
  const found = { needed: config.account ?? messages.anyAccount, there: messages.youAre({ arn }) };
  try {
    checkAccount(config, account);
    return { verdict: 'pass', ...found };
  } catch {
    return { verdict: 'problem', ...found, todo: messages.otherAccount({ account, id: config.id }) };
  }
}
