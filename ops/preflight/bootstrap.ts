import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import { messages } from './messages';
import type { Outcome } from './outcome';
import type { Plan } from './plan';

/** Version of the bootstrap stack; undefined in a region without one. */
export async function askBootstrap(region: string, { parameter }: Plan['bootstrap']): Promise<string | undefined> {
  try {
    const { Parameter } = await new SSMClient(clientOptions(region)).send(new GetParameterCommand({ Name: parameter }));
    return Parameter?.Value;
  } catch (error) {
    if (error instanceof Error && error.name === 'ParameterNotFound') return undefined;
    throw error;
  }
}

/**
 * Checks the resources that `cdk bootstrap` creates once for an account and a region.
 *
 * @param version of the bootstrap stack that is there
 * @see https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html
 */
export function bootstrapped(
  { region }: EnvironmentConfig,
  account: string,
  { version: needed }: Plan['bootstrap'],
  version: string | undefined,
): Outcome {
  const todo = messages.bootstrap({ command: `npx cdk bootstrap aws://${account}/${region}` });
  const least = messages.versionOrNewer({ version: needed });
  if (version === undefined) {
    return { verdict: 'problem', needed: least, there: messages.notBootstrapped({ account, region }), todo };
  }
  const there = messages.versionIs({ version });
  if (Number(version) >= needed) return { verdict: 'pass', needed: least, there };
  return { verdict: 'problem', needed: least, there, todo };
}
