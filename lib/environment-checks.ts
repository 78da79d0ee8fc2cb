import { BlockList } from 'node:net';
import { EnvironmentConfig, ReceiversConfig } from './environment-config';
import { checkShape, text } from './environment-schema';

/**
 * Checks an environment before any stack is created: its values by lib/environment-schema.ts, and values that only together
 * would fail, during the deployment.
 *
 * @throws with the property, the rule, the value and what to do
 */
export function checkEnvironment(config: EnvironmentConfig): void {
  checkShape(config);
  checkWeights(config);
  checkRegions(config);
  checkAddOns(config);
  checkServiceAddresses(config);
  const { notifications, budget } = config;
  if (notifications !== undefined) {
    for (const kind of ['page', 'notice'] as const) checkReceivers(`notifications.${kind}`, notifications[kind]);
  }
  if (budget !== undefined) {
    checkList('budget.emails', budget.emails);
    if ((budget.emails ?? []).length === 0 && notifications?.notice === undefined) {
      throw new Error(
        'budget.emails: must name at least one receiver, got none. Give an address such as owner@example.com, or notifications.notice',
      );
    }
  }
}

/** The construct refuses these weights, too, but it does not know their properties. */
function checkWeights({ capacity: { fargate, ec2 } }: EnvironmentConfig): void {
  if (!(fargate && ec2 && 'weight' in fargate && 'weight' in ec2)) return;
  if (fargate.weight > 0 || ec2.weight > 0) return;
  throw new Error(
    'capacity.fargate.weight: must be above 0 where capacity.ec2.weight is 0, got 0. Give one of the two a weight of 1',
  );
}

/** API Gateway and Elastic Load Balancing accept only resources of their own region. */
function checkRegions({ region, httpApi, loadBalancer, restApi }: EnvironmentConfig): void {
  for (const [property, arn] of Object.entries({
    'httpApi.domain.certificateArn': httpApi?.domain?.certificateArn,
    'loadBalancer.https.certificateArn': loadBalancer.https?.certificateArn,
    'restApi.webAclArn': restApi.webAclArn,
  })) {
    if (arn === undefined || arn.split(':')[3] === region) continue;
    throw new Error(
      `${property}: must be in the region ${region} of the environment, got ${text(arn)}. Give an ARN of ${region}`,
    );
  }
}

function checkAddOns({ kubernetes }: EnvironmentConfig): void {
  const version = kubernetes?.addOnVersions?.['amazon-cloudwatch-observability'];
  if (version === undefined || kubernetes?.observability) return;
  throw new Error(
    `kubernetes.addOnVersions.amazon-cloudwatch-observability: must be left out without observability, got ${text(version)}. ` +
      'Remove it, or give observability: true',
  );
}

/** Blocks of which EKS chooses one for the addresses of Services. */
const SERVICE_CIDRS: readonly string[] = ['10.100.0.0/16', '172.20.0.0/16'];

/**
 * Inside a cluster, Services have priority over hosts of routed networks with the same address.
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
 */
function checkServiceAddresses({ network, kubernetes }: EnvironmentConfig): void {
  if (kubernetes === undefined) return;
  const { serviceCidr } = kubernetes;
  const [where, { cidr, routedCidrs = [] }] = network.create
    ? ['network.create', network.create]
    : ['network.existing', network.existing];
  if (serviceCidr !== undefined && overlap(serviceCidr, cidr)) {
    throw new Error(
      `kubernetes.serviceCidr: must not overlap ${cidr} of the VPC, got ${text(serviceCidr)}. Give a block that no network uses`,
    );
  }
  const services = serviceCidr === undefined ? SERVICE_CIDRS : [serviceCidr];
  const index = routedCidrs.findIndex((routed) => services.some((service) => overlap(service, routed)));
  if (index < 0) return;
  throw new Error(
    `${where}.routedCidrs[${index}]: must not overlap the addresses of Services (${services.join(' or ')}), got ` +
      `${text(routedCidrs[index])}. Give kubernetes.serviceCidr, a private block of /12 to /24 that no network uses`,
  );
}

function overlap(one: string, other: string): boolean {
  return contains(one, other) || contains(other, one);
}

/** Whether a block has the first address of another one; false for a text that is no block, which others refuse. */
function contains(block: string, other: string): boolean {
  const [address = '', prefix = ''] = block.split('/');
  const list = new BlockList();
  try {
    list.addSubnet(address, Number(prefix), 'ipv4');
    return list.check(other.split('/')[0] ?? '', 'ipv4');
  } catch {
    return false;
  }
}

function checkReceivers(property: string, receivers: ReceiversConfig | undefined): void {
  if (receivers === undefined) return;
  const { emails, endpoints } = receivers;
  checkList(`${property}.emails`, emails);
  checkList(`${property}.endpoints`, endpoints);
  const webhook = endpoints?.find((endpoint) => /^https:\/\/hooks\.slack\.com\//i.test(endpoint));
  if (webhook !== undefined) {
    throw new Error(
      `${property}.endpoints: must confirm a subscription of SNS, which a webhook of Slack does not, got hooks.slack.com. ` +
        'Give the channel as slack: { workspaceId, channelId }',
    );
  }
}

function checkList(property: string, list: readonly string[] | undefined): void {
  const twice = list?.find((value, index) => list.indexOf(value) !== index);
  if (twice === undefined) return;
  throw new Error(`${property}: must name each receiver once, got ${text(twice)} twice. Remove one of the two`);
}
