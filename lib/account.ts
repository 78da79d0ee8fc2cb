import { RegionInfo } from 'aws-cdk-lib/region-info';
import { Context, Environments } from './context';
import { environments } from './environments';
import { AccountStackProps } from './stacks/account-stack';
import { otherPartitionOf } from './zones';

/** Context keys of bin/account.ts. */
const KEYS: readonly string[] = ['environments', 'repository', 'provider', 'region'];

type Account = Pick<AccountStackProps, 'repository' | 'providerExists'> & {
  readonly environments: readonly [Environment, ...Environment[]];
};
type Environment = AccountStackProps['environments'][number];

/**
 * Reads what bin/account.ts takes by `-c`.
 *
 * @throws if a key, an environment or a region is not known, a value is malformed, or a repository would deploy several environments
 */
export function accountOf(context: Context, known: Environments = environments): Account {
  const unknownKey = Object.keys(context).find((key) => !/[:@/-]/.test(key) && !KEYS.includes(key));
  if (unknownKey !== undefined) {
    throw new Error(`context: "${unknownKey}" is not known. Give -c with one of ${KEYS.join(', ')}.`);
  }
  const names = textOf(context, 'environments')?.split(',') ?? Object.keys(known);
  const [first, ...others] = names.map((id): Environment => {
    const definition = Object.hasOwn(known, id) ? known[id] : undefined;
    if (definition === undefined) {
      throw new Error(
        `environments: "${id}" is not known. Give some of ${Object.keys(known).join(',')}: -c environments=${Object.keys(known)[0]}`,
      );
    }
    return { id, region: checkedRegion(textOf(context, 'region') ?? definition.region) };
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new Error(`environments: must name each environment once, got "${twice}" twice. Remove one of the two.`);
  }
  if (first === undefined)
    throw new Error('environments: must have at least one name, got none. Leave it out for all.');
  const repository = textOf(context, 'repository');
  if (repository !== undefined && others.length > 0) {
    throw new Error(
      `environments: must be one with repository, got ${names.join(',')}. The deploy role of the bootstrap changes all stacks of ` +
        `its account, so the rules of one environment on GitHub would not protect another one: -c environments=${first.id}`,
    );
  }
  const provider = textOf(context, 'provider');
  if (provider !== undefined && provider !== 'exists') {
    throw new Error(
      `provider: must be exists, got "${provider}". Leave it out to create the provider of GitHub's tokens.`,
    );
  }
  return {
    environments: [first, ...others],
    repository,
    providerExists: provider === 'exists',
  };
}

/** Refuses a region that no environment could be deployed to, because the policies would name the region and nothing else would. */
function checkedRegion(region: string): string {
  const known = RegionInfo.regions.some(({ name }) => name === region);
  if (known && otherPartitionOf(region) === undefined) return region;
  throw new Error(
    `region: must be a region of the partition aws that aws-cdk-lib knows, got "${region}". Give a region such as -c region=us-east-1.`,
  );
}

function textOf(context: Context, key: string): string | undefined {
  const value = context[key];
  return value === undefined ? undefined : String(value);
}
