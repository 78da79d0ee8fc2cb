import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import {
  _InstanceType,
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ServiceQuotasClient } from '@aws-sdk/client-service-quotas';
import { EnvironmentConfig } from '../../lib/environment-config';
import { clientOptions } from '../kit/client';
import { concernsAll, deniedIn, explain, isDenied } from '../kit/errors';
import { Failure, joined, type Text, textOf } from '../kit/language';
import { idlePrice } from '../price/idle';
import { pricesOf } from '../price/prices';
import { askBootstrap, bootstrapped } from './bootstrap';
import * as checks from './checks';
import { type Deployed, deployedOf } from './deployed';
import { askIdentity, identity } from './identity';
import { askImage, promoted, promotedImages } from './images';
import { messages } from './messages';
import { askTagged, askTaken, names, retained } from './names';
import type { Checked, Outcome } from './outcome';
import { type Plan, planOf } from './plan';
import { provisionedByOthers } from './provisioned';
import { askQuota, askQuotaRoom, QUOTAS } from './quotas';
import { leftOvers, stackStates } from './stacks';

/**
 * Asks the account for everything that would make a deployment fail, or would surprise. Each check is asked alone, because
 * credentials may allow one check and not another. docs/deploy.md lists the IAM actions.
 *
 * @param disposable ids of the environments that are disposable
 * @param planned synthesizes the environment
 * @throws errors that every check would meet: no credentials, credentials that expired, no connection
 */
export async function askAccount(
  config: EnvironmentConfig,
  disposable: readonly string[],
  planned: (config: EnvironmentConfig) => Plan = planOf,
): Promise<Checked[]> {
  const { region } = config;
  // First, and alone: without credentials, and in the wrong account, the other answers would say nothing.
  const who = await askIdentity(region);
  const account: Checked = { check: messages.account, ...identity(config, who) };
  if (config.account !== undefined && account.verdict !== 'pass') return [account];
  const ec2 = new EC2Client(clientOptions(region));
  const deployed = deployedOf(config);
  // Each check that awaits the promise handles its rejection.
  deployed.catch(() => undefined);
  const { plan, rows: synthesized } = synthesize(config, planned);
  const check = (what: Text, actions: string, ask: () => Outcomes, advisory = false) =>
    checked(what, config, actions, ask, advisory);
  const results = await Promise.allSettled([
    [account],
    synthesized,
    plan &&
      check(messages.bootstrapStack, 'ssm:GetParameter', async () =>
        bootstrapped(config, who.account, plan.bootstrap, await askBootstrap(region, plan.bootstrap)),
      ),
    check(messages.earlierStacks, LISTS_STACKS, async () => stackStates(config, await deployed)),
    check(messages.switchedOff, LISTS_STACKS, async () => leftOvers(config, await deployed), true),
    check(messages.zones, 'ec2:DescribeAvailabilityZones, ec2:DescribeSubnets', () => askZones(ec2, config)),
    check(messages.image, '', async () => checks.imageBuild(config)),
    check(messages.concurrency, CONCURRENCY, async () => {
      const client = new LambdaClient(clientOptions(region));
      const { AccountLimit } = await client.send(new GetAccountSettingsCommand());
      const unreserved = AccountLimit?.UnreservedConcurrentExecutions ?? 0;
      // Asks function by function, so only where it matters.
      if (checks.provisionedBy(config) === 0) return checks.concurrency(config, unreserved);
      const own = (await deployed).resources.filter(({ type }) => type === 'AWS::Lambda::Function');
      const others = await provisionedByOthers(client, new Set(own.map(({ physicalId }) => physicalId)));
      return checks.concurrency(config, unreserved, others);
    }),
    check(messages.logs, 'apigateway:GET', async () => checks.logRole(config, await askLogRole(region), disposable)),
    check(
      messages.vcpus,
      'ec2:DescribeInstanceTypes, servicequotas:GetServiceQuota',
      () => askVcpus(ec2, config),
      true,
    ),
    ...(plan === undefined ? [] : checksOfPlan(config, plan, deployed, check)),
  ]);
  // Only when all have answered, so that no request is under way when the command ends.
  return results.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value ?? [];
  });
}

type Check = (what: Text, actions: string, ask: () => Outcomes, advisory?: boolean) => Promise<Checked[]>;

/** The checks that need the templates. */
function checksOfPlan(config: EnvironmentConfig, plan: Plan, deployed: Promise<Deployed>, check: Check) {
  return [
    check(messages.names, 'logs:DescribeLogGroups, eks:ListClusters', async () =>
      names(config, plan, await askTaken(config, plan, await deployed)),
    ),
    check(
      messages.leftBehind,
      'tag:GetResources',
      async () => ((await deployed).stacks.length > 0 ? undefined : retained(await askTagged(config))),
      true,
    ),
    check(messages.promotedImage, 'ecr:DescribeImages, ecr:DescribeImageScanFindings', async () =>
      Promise.all(
        promotedImages(config, plan, await deployed).map(async (image) => {
          const { repository, digest } = image;
          const found = repository === undefined ? undefined : await askImage(config.region, repository, digest);
          return promoted(config, image, found);
        }),
      ),
    ),
    ...QUOTAS.map((quota) => {
      const actions = ['servicequotas:GetServiceQuota', quota.actions ?? []].flat().join(', ');
      return check(quota.what, actions, () => askQuotaRoom(config, plan, deployed, quota), true);
    }),
    check(messages.price, '', async () => priceOf(config, plan), true),
  ];
}

/** The price of a month without use. No warning, because nobody but the reader knows what is too much. */
function priceOf(config: EnvironmentConfig, plan: Plan): Outcome {
  const prices = pricesOf(config.region);
  if (prices === undefined) {
    return { verdict: 'not checked', there: messages.noPrices({ region: config.region }), todo: messages.calculator };
  }
  const { usd, without } = idlePrice(config, plan.templates, prices);
  const amount = usd.toFixed(2);
  const there =
    without.length === 0
      ? messages.priceOfMonth({ usd: amount })
      : messages.priceWithout({ usd: amount, parts: joined(without) });
  return { verdict: 'pass', there };
}

const CONCURRENCY =
  'lambda:GetAccountSettings, lambda:ListFunctions, lambda:ListProvisionedConcurrencyConfigs, lambda:GetFunctionConcurrency';
const LISTS_STACKS = 'cloudformation:ListStacks, cloudformation:ListStackResources';

/** One outcome, several or none. */
type Outcomes = Promise<Outcome | readonly Outcome[] | undefined>;

/** The templates, or the row with the error of the synthesis. */
function synthesize(
  config: EnvironmentConfig,
  planned: (config: EnvironmentConfig) => Plan,
): { plan?: Plan; rows: Checked[] } {
  const check = messages.templates;
  try {
    const plan = planned(config);
    const there = messages.synthesized({ number: Object.keys(plan.templates).length });
    return { plan, rows: [{ check, verdict: 'pass', there }] };
  } catch (error) {
    const [there, todo] = [messages.notSynthesized, messages.fixSynthesis({ reason: textOf(error) })];
    return { rows: [{ check, verdict: 'problem', there, todo }] };
  }
}

/**
 * @param actions IAM actions to name where the answer does not name the one that is missing
 * @throws errors that every other check would meet too: no credentials, no connection
 */
async function checked(
  check: Text,
  config: EnvironmentConfig,
  actions: string,
  ask: () => Outcomes,
  advisory: boolean,
): Promise<Checked[]> {
  try {
    return [(await ask()) ?? []].flat().map((outcome) => ({ check, advisory, ...outcome }));
  } catch (error) {
    if (concernsAll(error)) throw error;
    const there = messages.noAnswer({ reason: explain(error, config.id, config.region) });
    const todo = isDenied(error) ? messages.allow({ actions: deniedIn(error) ?? actions }) : undefined;
    return [{ check, advisory, verdict: 'not checked', there, todo }];
  }
}

async function askZones(ec2: EC2Client, config: EnvironmentConfig): Promise<Outcome> {
  const existing = config.network.existing;
  if (existing) {
    const SubnetIds = existing.privateSubnets.map(({ subnetId }) => subnetId);
    const { Subnets = [] } = await ec2.send(new DescribeSubnetsCommand({ SubnetIds }));
    return checks.existingSubnets(
      config,
      Subnets.map(({ SubnetId = '', AvailabilityZone = '', AvailabilityZoneId = '' }) => ({
        subnetId: SubnetId,
        name: AvailabilityZone,
        id: AvailabilityZoneId,
      })),
    );
  }
  // The filter leaves out Local Zones and Wavelength Zones, into which the account may have opted.
  const { AvailabilityZones = [] } = await ec2.send(
    new DescribeAvailabilityZonesCommand({
      Filters: [
        { Name: 'zone-type', Values: ['availability-zone'] },
        { Name: 'state', Values: ['available'] },
      ],
    }),
  );
  return checks.zones(
    config,
    AvailabilityZones.map(({ ZoneName = '', ZoneId = '' }) => ({ name: ZoneName, id: ZoneId })),
  );
}

async function askLogRole(region: string): Promise<checks.LogRole | undefined> {
  const { cloudwatchRoleArn: arn } = await new APIGatewayClient(clientOptions(region)).send(new GetAccountCommand());
  if (arn === undefined || arn === '') return undefined;
  try {
    await new IAMClient(clientOptions(region)).send(new GetRoleCommand({ RoleName: arn.split('/').at(-1) }));
    return { arn, exists: true };
  } catch (error) {
    if (error instanceof Error && /NoSuchEntity/.test(error.name)) return { arn, exists: false };
    if (isDenied(error)) return { arn };
    throw error;
  }
}

/** Compares vCPUs with quotas; no outcome where the environment has no instances. */
async function askVcpus(ec2: EC2Client, config: EnvironmentConfig): Promise<Outcome[]> {
  const types = checks.instanceTypes(config).map(instanceType);
  if (types.length === 0) return [];
  const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: types }));
  const demands = checks.vcpuDemand(
    config,
    Object.fromEntries(
      InstanceTypes.map(({ InstanceType = '', VCpuInfo }) => [InstanceType, VCpuInfo?.DefaultVCpus ?? 0]),
    ),
  );
  const quotas = new ServiceQuotasClient(clientOptions(config.region));
  const outcomes = checks.VCPU_QUOTAS.filter(({ spot }) => demands.some((demand) => demand.spot === spot)).map(
    async (quota) => {
      return checks.vcpuRoom(
        quota,
        demands,
        await askQuota(quotas, { service: 'ec2', code: quota.code }),
        config.region,
      );
    },
  );
  return (await Promise.all(outcomes)).filter((outcome) => outcome !== undefined);
}

function instanceType(name: string): _InstanceType {
  const type = Object.values(_InstanceType).find((known) => known === name);
  if (type === undefined) throw new Failure(messages.unknownType({ type: name }));
  return type;
}
