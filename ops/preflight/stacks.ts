import { HISTORY_SERVICE } from '../../domain/routes';
import { EnvironmentConfig } from '../../lib/environment-config';
import { hasPart, OPTIONAL_PARTS } from '../../lib/optional-parts';
import { isOnFile } from '../../lib/zones';
import { joined, type Text } from '../kit/language';
import type { Deployed, DeployedStack } from './deployed';
import { messages } from './messages';
import type { Outcome } from './outcome';

/** The flags with which `cdk` synthesizes the environment. */
export function flagsOf({ id, region, availabilityZones, services }: EnvironmentConfig): string {
  const image = services.find(({ name }) => name === HISTORY_SERVICE)?.image;
  return [
    `-c environment=${id} -c region=${region}`,
    ...(isOnFile(region) ? [] : [`-c zones=${availabilityZones.join(',')}`]),
    // lib/context.ts accepts the digest, whether it is in lib/environments.ts or not.
    ...(image?.from === 'digest' && image.digest !== undefined ? [`-c imageDigest=${image.digest}`] : []),
  ].join(' ');
}

/**
 * Checks the stacks of an earlier deployment: a stack that another deployment changes now, or whose rollback failed, refuses the
 * next deployment.
 *
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html
 */
export function stackStates(config: EnvironmentConfig, { stacks }: Pick<Deployed, 'stacks'>): Outcome[] {
  const found = stacks.flatMap((stack) => stateOf(config, stack) ?? []);
  if (found.length > 0) return found;
  const there = stacks.length === 0 ? messages.noStacks : messages.stacksAreFine({ number: stacks.length });
  return [{ verdict: 'pass', there }];
}

function stateOf(config: EnvironmentConfig, { name, status }: DeployedStack): Outcome | undefined {
  const problem = (todo: Text): Outcome => ({
    verdict: 'problem',
    there: messages.stackIs({ stack: name, status }),
    todo,
  });
  const { region } = config;
  const path = name.replace(/^Kumiki-(.+)-(\w+)$/, '$1/$2');
  const destroy = `npx cdk destroy ${path} ${flagsOf(config)}`;
  // The CLI deletes such a stack by itself and creates it again (aws-cdk, isCreationFailure), unless the stack is protected.
  if (status === 'ROLLBACK_COMPLETE' || status === 'ROLLBACK_FAILED') {
    const unprotect = `aws cloudformation update-termination-protection --region ${region} --stack-name ${name} --no-enable-termination-protection`;
    if (config.terminationProtection) return problem(messages.unprotectFirst({ command: unprotect }));
    return { ...problem(messages.createdAgain({ command: destroy })), verdict: 'warning' };
  }
  if (status === 'REVIEW_IN_PROGRESS') return undefined;
  if (status.endsWith('_IN_PROGRESS')) return problem(messages.waitForStack({ stack: name }));
  if (status === 'UPDATE_ROLLBACK_FAILED') {
    const command = `aws cloudformation continue-update-rollback --region ${region} --stack-name ${name}`;
    return problem(messages.continueRollback({ command }));
  }
  if (status === 'UPDATE_FAILED') {
    return problem(messages.rollBack({ command: `npx cdk rollback ${path} ${flagsOf(config)}` }));
  }
  if (status.endsWith('_FAILED')) return problem(messages.destroyFirst({ command: destroy }));
  return undefined;
}

/** The warning for each part that is deployed and now off: the next deployment deletes its stack. */
export function leftOvers(config: EnvironmentConfig, { stacks }: Pick<Deployed, 'stacks'>): Outcome[] {
  return OPTIONAL_PARTS.filter(([part]) => !hasPart(part, config)).flatMap(([part, property]) => {
    const name = `Kumiki-${config.id}-${part}`;
    return stacks.some((stack) => stack.name === name) ? [leftOver(name, property)] : [];
  });
}

/** The warning for a part that is deployed and now off. */
export function leftOver(stack: string, property: string): Outcome {
  const keep = property === 'kubernetes' ? messages.keepKubernetes : messages.keep({ property });
  return {
    verdict: 'warning',
    needed: messages.isOff({ property }),
    there: messages.leftOver({ stack }),
    todo: messages.toKeep({ keep }),
  };
}

/** All names, with the number of those that a table has no room for. */
export function namesIn(names: readonly string[], most = 3): Text {
  const shown = names.slice(0, most);
  const rest = names.length - shown.length;
  return joined(rest > 0 ? [...shown, messages.andMore({ rest })] : shown);
}
