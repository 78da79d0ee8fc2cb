import { APIGatewayClient, GetAccountCommand } from '@aws-sdk/client-api-gateway';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  _InstanceType,
  DescribeAvailabilityZonesCommand,
  DescribeInstanceTypesCommand,
  DescribeSubnetsCommand,
  EC2Client,
} from '@aws-sdk/client-ec2';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { GetAccountSettingsCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetAWSDefaultServiceQuotaCommand,
  GetServiceQuotaCommand,
  ServiceQuotasClient,
} from '@aws-sdk/client-service-quotas';
import { EnvironmentConfig } from '../../lib/environment-config';
import { OPTIONAL_PARTS } from '../../lib/optional-parts';
import { concernsAll, explain, isDenied } from '../kit/errors';
import { Failure, type Text } from '../kit/language';
import * as checks from './checks';
import { messages } from './messages';

export interface Checked extends checks.Outcome {
  readonly check: Text;
}

/**
 * Asks the account for what `checks` needs. Each check is asked alone, because credentials may allow one check and not
 * another. docs/deploy.md lists the IAM actions.
 *
 * @param disposable ids of the environments that are disposable
 */
export async function askAccount(config: EnvironmentConfig, disposable: readonly string[]): Promise<Checked[]> {
  const { region } = config;
  const ec2 = new EC2Client({ region });
  const attempt = (check: Text, ask: () => Promise<checks.Outcome | undefined>): Promise<Checked[]> =>
    checked(check, config, async () => {
      const outcome = await ask();
      return outcome === undefined ? [] : [outcome];
    });
  const results = await Promise.all([
    attempt(messages.zones, () => askZones(ec2, config)),
    attempt(messages.image, async () => checks.imageBuild(config)),
    attempt(messages.concurrency, async () => {
      const { AccountLimit } = await new LambdaClient({ region }).send(new GetAccountSettingsCommand());
      return checks.concurrency(config, AccountLimit?.UnreservedConcurrentExecutions ?? 0);
    }),
    attempt(messages.logs, async () => checks.logRole(config, await askLogRole(region), disposable)),
    checked(messages.vcpus, config, () => askVcpus(ec2, config)),
    checked(messages.switchedOff, config, () => askLeftOvers(config)),
  ]);
  return results.flat();
}

/** @throws errors that every other check would meet too: no credentials, no connection */
async function checked(
  check: Text,
  config: EnvironmentConfig,
  ask: () => Promise<checks.Outcome[]>,
): Promise<Checked[]> {
  try {
    return (await ask()).map((outcome) => ({ check, ...outcome }));
  } catch (error) {
    if (concernsAll(error)) throw error;
    const reason = explain(error, config.id, config.region);
    return [{ check, verdict: 'not checked', says: messages.noAnswer({ reason }) }];
  }
}

async function askZones(ec2: EC2Client, config: EnvironmentConfig): Promise<checks.Outcome> {
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
  const { cloudwatchRoleArn: arn } = await new APIGatewayClient({ region }).send(new GetAccountCommand());
  if (arn === undefined || arn === '') return undefined;
  try {
    await new IAMClient({ region }).send(new GetRoleCommand({ RoleName: arn.split('/').at(-1) }));
    return { arn, exists: true };
  } catch (error) {
    if (error instanceof Error && /NoSuchEntity/.test(error.name)) return { arn, exists: false };
    if (isDenied(error)) return { arn };
    throw error;
  }
}

/** Compares vCPUs with quotas; no outcome where the environment has no instances. */
async function askVcpus(ec2: EC2Client, config: EnvironmentConfig): Promise<checks.Outcome[]> {
  const types = checks.instanceTypes(config).map(instanceType);
  if (types.length === 0) return [];
  const { InstanceTypes = [] } = await ec2.send(new DescribeInstanceTypesCommand({ InstanceTypes: types }));
  const demands = checks.vcpuDemand(
    config,
    Object.fromEntries(
      InstanceTypes.map(({ InstanceType = '', VCpuInfo }) => [InstanceType, VCpuInfo?.DefaultVCpus ?? 0]),
    ),
  );
  const quotas = new ServiceQuotasClient({ region: config.region });
  const outcomes = checks.VCPU_QUOTAS.filter(({ spot }) => demands.some((demand) => demand.spot === spot)).map(
    async (quota) => {
      return checks.vcpuRoom(quota, demands, await askQuota(quotas, quota.code), config.region);
    },
  );
  return (await Promise.all(outcomes)).filter((outcome) => outcome !== undefined);
}

/** The value that applies to the account; AWS's default where the account has no value of its own. */
async function askQuota(client: ServiceQuotasClient, QuotaCode: string): Promise<number> {
  const quota = { ServiceCode: 'ec2', QuotaCode };
  const { Quota } = await client.send(new GetServiceQuotaCommand(quota)).catch((error: unknown) => {
    if (!(error instanceof Error) || error.name !== 'NoSuchResourceException') throw error;
    return client.send(new GetAWSDefaultServiceQuotaCommand(quota));
  });
  if (Quota?.Value === undefined) throw new Failure(messages.noQuota({ code: QuotaCode }));
  return Quota.Value;
}

async function askLeftOvers(config: EnvironmentConfig): Promise<checks.Outcome[]> {
  const client = new CloudFormationClient({ region: config.region });
  const found = OPTIONAL_PARTS.filter(([, property]) => config[property] === undefined).map(
    async ([name, property]) => {
      const stackName = `Kumiki-${config.id}-${name}`;
      try {
        await client.send(new DescribeStacksCommand({ StackName: stackName }));
        return [checks.leftOver(stackName, property)];
      } catch (error) {
        if (error instanceof Error && error.message.includes('does not exist')) return [];
        throw error;
      }
    },
  );
  return (await Promise.all(found)).flat();
}

function instanceType(name: string): _InstanceType {
  const type = Object.values(_InstanceType).find((known) => known === name);
  if (type === undefined) throw new Failure(messages.unknownType({ type: name }));
  return type;
}
