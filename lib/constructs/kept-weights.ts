// Kumiki 0.2.0, kept-weights.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { CustomResource, Duration, Stack, Token } from 'aws-cdk-lib';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';

export interface KeptWeightsProps {
  /** Listener of the rule. The rule may be created in the same deployment. */
  readonly listener: elbv2.IApplicationListener;

  /**
   * The two target groups of the rule, which ECS uses in turn. The first one has all requests when the rule is created.
   *
   * @throws if both are the same
   */
  readonly targetGroups: readonly [elbv2.IApplicationTargetGroup, elbv2.IApplicationTargetGroup];

  /**
   * Text with everything in the rule that a deployment may change, except the weights: conditions, priority, and tags, which
   * include those of the stack (not those of `cdk deploy --tags`, which the template does not have). The weights are read again
   * when the text changes. If the rule changes and the text does not, CloudFormation writes the weights that were read last, and
   * all requests may go to an empty target group. The text may be a token.
   *
   * @throws if the text is empty
   */
  readonly rule: string;

  /**
   * Log group of the function that reads the weights. The function is the same for all `KeptWeights` of a stack, and has the
   * log group of the first one.
   *
   * @default a new log group with the defaults of the CDK: two years, RETAIN
   */
  readonly logGroup?: logs.ILogGroup;
}

/**
 * The weights that a listener rule has at the time of a deployment, so that a change of the rule keeps them.
 *
 * Blue/green, canary and linear deployments of ECS move the requests between two target groups by the weights of a listener
 * rule. CloudFormation does not see that. A later deployment that changes the rule, such as another path or priority, writes the
 * weights of the template, and all requests go to a target group that may have no tasks. With this construct, the template has
 * references instead of numbers, and a function reads the numbers from the rule.
 *
 * - CloudFormation calls the function only if a property of its custom resource changes: `rule`, the listener or a target group.
 *   Until then, the references keep the numbers that were read last, even if ECS has changed the weights since. CloudFormation
 *   finds no difference in the rule, and leaves the rule alone.
 * - On the first deployment of the rule, the first target group gets 100 and the second 0. If the rule forwards to only one of
 *   the groups, this group gets 100 and the other 0, so that a service with one target group can get a second one.
 * - Weights that were changed by hand are treated like those of ECS: CloudFormation leaves them in an unchanged rule, and writes
 *   them again with a change of the rule.
 * - The deployment fails before the rule changes if the weights cannot be read: on an error of the API, if several rules of the
 *   listener forward to the groups with different weights (such as a rule for test traffic), or if a deployment after the first
 *   one finds no rule. There is no rule if somebody let the rule forward elsewhere, or if both target groups are new, for
 *   example because of another port. Then create a second service: a rule that moves to new groups has no tasks for some minutes.
 * - In a rollback that changes the rule back, CloudFormation calls the function, too. AWS does not say whether the rule then gets
 *   the weights that were read in the rollback, or those from before the deployment. So change a rule in a deployment of its own,
 *   and look at the weights of the rule after a rollback. If the function fails in the rollback, too, correct the rule by hand and
 *   continue the rollback.
 * - While ECS is moving requests in a deployment that was not started by CloudFormation, do not change the rule: seconds pass
 *   between reading and writing, and the rule may go back by one step.
 * - Without this construct in the template, the rule has the weights of the template again. Before you remove the construct, let
 *   ECS deploy until the target group that remains has all requests.
 * - The function needs `elasticloadbalancing:DescribeRules`, for which IAM knows no resources. It changes nothing.
 *
 * None of this was tried on AWS.
 *
 * @see https://docs.aws.amazon.com/AmazonECS/latest/developerguide/alb-resources-for-blue-green.html
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requesttypes-update.html (when CloudFormation calls)
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-updating-stacks-update-behaviors.html
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
 * @see https://github.com/aws/aws-cdk/issues/36649
 * @see https://github.com/aws/containers-roadmap/issues/2853
 *
 * @example
 * ```ts
 * const group = { vpc, port: 8080, targetType: elbv2.TargetType.IP };
 * const blue = new elbv2.ApplicationTargetGroup(this, 'Blue', group);
 * const green = new elbv2.ApplicationTargetGroup(this, 'Green', group);
 * const rule = { priority: 10, conditions: [elbv2.ListenerCondition.pathPatterns(['/reports/*'])] };
 * const weights = new KeptWeights(this, 'Weights', { listener, targetGroups: [blue, green], rule: '10 /reports/*' });
 * const targets = [{ targetGroup: blue, weight: weights.first }, { targetGroup: green, weight: weights.second }];
 * const action = elbv2.ListenerAction.weightedForward(targets);
 * new elbv2.ApplicationListenerRule(this, 'Rule', { listener, ...rule, action });
 * ```
 */
export class KeptWeights extends Construct {
  /** Weight of the first target group, 0 to 999: a reference, whose number is known in the deployment. */
  readonly first: number;
  /** Weight of the second target group, 0 to 999: a reference, whose number is known in the deployment. */
  readonly second: number;

  constructor(scope: Construct, id: string, props: KeptWeightsProps) {
    super(scope, id);
    const { listener, targetGroups, rule } = props;
    const [first, second] = targetGroups;
    if (first.targetGroupArn === second.targetGroupArn) {
      throw new Error(
        `targetGroups: must be two target groups, got ${first.node.path} twice. Give the target groups that ECS uses in turn.`,
      );
    }
    if (rule === '') {
      throw new Error(
        'rule: must name the conditions and the priority of the rule, got an empty text. Give "10 /reports/*".',
      );
    }
    const resource = new CustomResource(this, 'Resource', {
      resourceType: 'Custom::KeptWeights',
      serviceToken: Reader.of(Stack.of(this), props.logGroup).functionArn,
      // The function answers within a minute, or fails and is invoked again twice, within three minutes more.
      serviceTimeout: Duration.minutes(10),
      properties: {
        ListenerArn: listener.listenerArn,
        TargetGroupArns: [first.targetGroupArn, second.targetGroupArn],
        Rule: rule,
      },
    });
    this.first = Token.asNumber(resource.getAtt('First'));
    this.second = Token.asNumber(resource.getAtt('Second'));
  }
}

/** The function that reads weights, one for all rules of a stack. */
class Reader extends Construct {
  static of(stack: Stack, logGroup: logs.ILogGroup | undefined): Reader {
    const existing = stack.node.tryFindChild(Reader.ID);
    return existing instanceof Reader ? existing : new Reader(stack, Reader.ID, logGroup);
  }

  /** CloudFormation does not support another function for a custom resource, so the id must not change. */
  private static readonly ID = 'KeptWeightsReader';

  readonly functionArn: string;

  private constructor(stack: Stack, id: string, logGroup?: logs.ILogGroup) {
    super(stack, id);
    const ownLogGroup = logGroup ?? new logs.LogGroup(this, 'Logs');
    // Not AWSLambdaBasicExecutionRole, whose right to create log groups would create this one again after its deletion.
    const statements = [
      new iam.PolicyStatement({
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [ownLogGroup.logGroupArn],
      }),
      new iam.PolicyStatement({ actions: ['elasticloadbalancing:DescribeRules'], resources: ['*'] }),
    ];
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { Weights: new iam.PolicyDocument({ statements }) },
    });
    this.functionArn = new lambda.Function(this, 'Function', {
      description: 'Reads the weights of listener rules during deployments',
      code: lambda.Code.fromInline(CODE),
      handler: 'index.handler',
      runtime: lambda.Runtime.NODEJS_24_X,
      architecture: lambda.Architecture.ARM_64,
      memorySize: 256,
      timeout: Duration.minutes(1),
      role,
      logGroup: ownLogGroup,
      loggingFormat: lambda.LoggingFormat.JSON,
    }).functionArn;
  }
}

/**
 * Code of the function, at most 4096 characters, because a template cannot have more. The runtime has the AWS SDK. The module
 * `cfn-response` is not used, because AWS does not say that it works with the handlers of Node.js 24, which return promises.
 */
const CODE = `
exports.handler = async (event) => {
  const { RequestType, StackId, RequestId, LogicalResourceId } = event;
  const PhysicalResourceId = event.PhysicalResourceId ?? LogicalResourceId;
  const answer = { Status: 'SUCCESS', StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  try {
    if (RequestType !== 'Delete') {
      const [First, Second] = await weightsFor(event);
      answer.Data = { First: String(First), Second: String(Second) };
    }
  } catch (error) {
    answer.Status = 'FAILED';
    answer.Reason = 'The weights of the listener rule could not be read, so the rule is left as it is. ' +
      String(error.name === 'Error' ? error.message : error).slice(0, 2000);
  }
  console.log({ RequestType, ...answer });
  const headers = { 'content-type': '' };
  const signal = AbortSignal.timeout(15000);
  const sent = await fetch(event.ResponseURL, { method: 'PUT', headers, body: JSON.stringify(answer), signal });
  if (!sent.ok) throw new Error('CloudFormation did not accept the answer: status ' + sent.status);
};

async function weightsFor({ RequestType, ResourceProperties: now, OldResourceProperties: old }) {
  // A rule that moves to another listener still exists on the old one.
  const listeners = new Set([now.ListenerArn, old?.ListenerArn ?? now.ListenerArn]);
  for (const listener of listeners) {
    const weights = await weightsOn(listener, now.TargetGroupArns);
    if (weights) return weights;
  }
  if (RequestType === 'Create') return [100, 0];
  throw new Error('No rule of ' + [...listeners].join(' or ') + ' forwards to ' + now.TargetGroupArns.join(' or ') +
    '. If the rule was changed by hand, let it forward to one of them again, and deploy again or ' +
    'continue the rollback. If the target groups are new, create a second service with them. ' +
    'If the rule was never created, roll the stack back.');
}

async function weightsOn(ListenerArn, groups) {
  const { ElasticLoadBalancingV2Client, DescribeRulesCommand } = require('@aws-sdk/client-elastic-load-balancing-v2');
  const client = new ElasticLoadBalancingV2Client({ maxAttempts: 5 });
  const abortSignal = AbortSignal.timeout(20000);
  const found = new Map();
  let Marker;
  do {
    const page = await retried(() => client.send(new DescribeRulesCommand({ ListenerArn, Marker }), { abortSignal }));
    for (const { Actions, RuleArn } of page.Rules) {
      const weights = weightsIn(Actions, groups);
      if (weights) found.set(weights.join(' and '), [weights, RuleArn]);
    }
    Marker = page.NextMarker;
  } while (Marker);
  if (found.size > 1) {
    const each = [...found].map(([text, [, arn]]) => text + ' in ' + arn);
    throw new Error('Several rules forward to the target groups, with different weights: ' + each.join(', ') +
      '. Leave one of them, or give all of them the same weights.');
  }
  return [...found.values()][0]?.[0];
}

// A role that was created in this deployment may be refused for some seconds.
async function retried(call, left = 4) {
  return call().catch(async (error) => {
    if (left === 0 || error.name !== 'AccessDenied') throw error;
    await new Promise((done) => setTimeout(done, 3000));
    return retried(call, left - 1);
  });
}

function weightsIn(actions, groups) {
  const targets = actions.flatMap(({ TargetGroupArn, ForwardConfig }) =>
    ForwardConfig?.TargetGroups ?? (TargetGroupArn ? [{ TargetGroupArn }] : []));
  const [first, second] = groups.map((group) => targets.find((target) => target.TargetGroupArn === group));
  if (!first && !second) return undefined;
  if (!second) return [100, 0];
  if (!first) return [0, 100];
  const weights = [first.Weight, second.Weight];
  if (!weights.every(Number.isInteger)) throw new Error('Elastic Load Balancing returned a rule without weights.');
  return weights;
}
`.trim();
