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
