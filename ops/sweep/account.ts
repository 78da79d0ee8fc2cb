import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import type { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import { concernsAll, explain } from '../kit/errors';
import type { Text } from '../kit/language';
import { type LeftOver, leftOversOf, type Resource } from './left-overs';
import { askTags, indexOnly, lists, type TagIndex } from './lists';
import { messages } from './messages';
import { askStacks, type ExistingStack } from './stacks';

export interface Swept {
  readonly existing: readonly ExistingStack[];
  readonly leftOvers: readonly LeftOver[];
  /** Lists that could not be read. */
  readonly notChecked: readonly { readonly what: Text; readonly action: string; readonly reason: Text }[];
}

type Target = Pick<EnvironmentConfig, 'id' | 'region'>;

/**
 * Asks the account for what is left of an environment. Each list is asked alone, because credentials may allow one and not
 * another.
 *
 * @param others ids of the other environments
 * @throws if CloudFormation does not name the stacks, because then nothing says what is in use
 */
export async function askLeftOvers({ id, region }: Target, others: readonly string[]): Promise<Swept> {
  const notChecked: Swept['notChecked'][number][] = [];
  const attempt = async <T>(what: Text, action: string, none: T, ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (concernsAll(error)) throw error;
      notChecked.push({ what, action, reason: explain(error, id, region) });
      return none;
    }
  };
  const stacks = await askStacks(new CloudFormationClient(clientOptions(region)), id);
  const noTags: TagIndex = new Map();
  const tags = await attempt(messages.tags, 'tag:GetResources', noTags, () => askTags(id, region));
  const none: Resource[] = [];
  const found = await Promise.all(
    lists.map(({ what, action, ask }) => attempt(what, action, none, () => ask({ id, region, tags }))),
  );
  return {
    existing: stacks.existing,
    leftOvers: leftOversOf([...found.flat(), ...indexOnly(tags)], { id, stacks, others }),
    notChecked,
  };
}
