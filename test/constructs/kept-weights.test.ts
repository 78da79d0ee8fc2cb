import { once } from 'node:events';
import { createServer, IncomingHttpHeaders, Server } from 'node:http';
import { AddressInfo } from 'node:net';
import { runInNewContext } from 'node:vm';
import { App, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as elbv2 from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as logs from 'aws-cdk-lib/aws-logs';
import { KeptWeights, KeptWeightsProps } from '../../lib/constructs/kept-weights';

const [TYPE, RULE, FUNCTION] = [
  'Custom::KeptWeights',
  'AWS::ElasticLoadBalancingV2::ListenerRule',
  'AWS::Lambda::Function',
] as const;

interface Services {
  readonly ids?: readonly string[];
  readonly props?: Partial<KeptWeightsProps>;
  readonly stack?: Stack;
}

/** Services with a rule whose weights are kept, behind one listener. */
function stackOf({ ids = ['Reports'], props, stack = new Stack(new App(), 'Test') }: Services = {}): Stack {
  const vpc = new ec2.Vpc(stack, 'Vpc');
  const loadBalancer = new elbv2.ApplicationLoadBalancer(stack, 'LoadBalancer', { vpc });
  const listener = loadBalancer.addListener('Http', {
    port: 80,
    defaultAction: elbv2.ListenerAction.fixedResponse(404),
  });
  ids.forEach((id, index) => {
    const group = { vpc, port: 8080, targetType: elbv2.TargetType.IP };
    const blue = new elbv2.ApplicationTargetGroup(stack, `${id}Blue`, group);
    const green = new elbv2.ApplicationTargetGroup(stack, `${id}Green`, group);
    const rule = { listener, targetGroups: [blue, green], rule: `10 /${id}/*` } as const;
    const weights = new KeptWeights(stack, `${id}Weights`, { ...rule, ...props });
    new elbv2.ApplicationListenerRule(stack, `${id}Rule`, {
      listener,
      priority: 10 + index,
      conditions: [elbv2.ListenerCondition.pathPatterns([`/${id}/*`])],
      action: elbv2.ListenerAction.weightedForward([
        { targetGroup: blue, weight: weights.first },
        { targetGroup: green, weight: weights.second },
      ]),
    });
  });
  return stack;
}

const templateOf = (services?: Services) => Template.fromStack(stackOf(services));

const idMatching = (text: string) => Match.stringLikeRegexp(`^${text}[0-9A-F]{8}$`);

test('the rule refers to the weights as attributes of the custom resource', () => {
  const weight = (name: string) => ({ 'Fn::GetAtt': [idMatching('ReportsWeights'), name] });
  templateOf().hasResourceProperties(RULE, {
    Actions: [
      {
        Type: 'forward',
        ForwardConfig: {
          TargetGroups: [
            { TargetGroupArn: { Ref: idMatching('ReportsBlue') }, Weight: weight('First') },
            { TargetGroupArn: { Ref: idMatching('ReportsGreen') }, Weight: weight('Second') },
          ],
        },
      },
    ],
  });
});

test('the custom resource changes with the text of the rule, and depends on listener and target groups only', () => {
  const properties = (rule: string) => {
    const [resource] = Object.values(templateOf({ props: { rule } }).findResources(TYPE));
    expect(resource).not.toHaveProperty('DependsOn');
    return resource?.['Properties'];
  };
  expect(properties('10 /old/*')).toEqual({
    ServiceToken: { 'Fn::GetAtt': [expect.stringMatching(/^KeptWeightsReaderFunction/), 'Arn'] },
    ServiceTimeout: '600',
    ListenerArn: { Ref: expect.stringMatching(/^LoadBalancerHttp/) },
    TargetGroupArns: [{ Ref: expect.stringMatching(/^ReportsBlue/) }, { Ref: expect.stringMatching(/^ReportsGreen/) }],
    Rule: '10 /old/*',
  });
  expect(properties('10 /new/*').Rule).toBe('10 /new/*');
});

test('all rules of a stack share a function, a role and a log group', () => {
  const template = templateOf({ ids: Array.from({ length: 14 }, (_, index) => `Service${index}`) });
  template.resourceCountIs(TYPE, 14);
  for (const type of [FUNCTION, 'AWS::IAM::Role', 'AWS::Logs::LogGroup']) template.resourceCountIs(type, 1);
  const tokens = Object.values(template.findResources(TYPE)).map(({ Properties }) => Properties.ServiceToken);
  expect(new Set(tokens.map((token) => JSON.stringify(token))).size).toBe(1);
});

test('each stack has a function of its own', () => {
  const app = new App();
  const stacks = ['One', 'Two'].map((id) => stackOf({ stack: new Stack(app, id) }));
  for (const stack of stacks) Template.fromStack(stack).resourceCountIs(FUNCTION, 1);
});

test('the function may read rules and write to its log group, and nothing else', () => {
  const template = templateOf();
  template.resourceCountIs('AWS::IAM::Policy', 0);
  const [role] = Object.values(template.findResources('AWS::IAM::Role'));
  expect(role?.['Properties'].ManagedPolicyArns).toBeUndefined();
  expect(role?.['Properties'].Policies.map(({ PolicyDocument }: Record<string, object>) => PolicyDocument)).toEqual([
    {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: { 'Fn::GetAtt': [expect.stringMatching(/^KeptWeightsReaderLogs/), 'Arn'] },
        },
        { Effect: 'Allow', Action: 'elasticloadbalancing:DescribeRules', Resource: '*' },
      ],
    },
  ]);
});

test('the function logs to the log group that the first construct is given, and none is created', () => {
  const stack = new Stack(new App(), 'Test');
  const logGroup = logs.LogGroup.fromLogGroupName(stack, 'Shared', 'shared');
  const template = templateOf({ stack, props: { logGroup } });
  template.resourceCountIs('AWS::Logs::LogGroup', 0);
  template.hasResourceProperties(FUNCTION, { LoggingConfig: { LogGroup: 'shared', LogFormat: 'JSON' } });
});

test('the code fits into the template, and has less time than CloudFormation waits', () => {
  const [reader] = Object.values(templateOf().findResources(FUNCTION));
  expect(reader?.['Properties'].Code.ZipFile.length).toBeLessThanOrEqual(4096);
  // CloudFormation puts inline code into the file index.js. The calls have 15 seconds each: two listeners, and the answer.
  expect(reader?.['Properties']).toMatchObject({ Handler: 'index.handler', Runtime: 'nodejs24.x', Timeout: 60 });
});

test('refuses one target group twice, and an empty text', () => {
  const stack = new Stack(new App(), 'Test');
  const group = new elbv2.ApplicationTargetGroup(stack, 'Blue', { vpc: new ec2.Vpc(stack, 'Vpc'), port: 80 });
  expect(() => stackOf({ props: { targetGroups: [group, group] } })).toThrow(
    'targetGroups: must be two target groups, got Test/Blue twice.',
  );
  expect(() => stackOf({ props: { rule: '' } })).toThrow('rule: must name the conditions and the priority of the rule');
});

describe('the function', () => {
  const ARN = 'arn:aws:elasticloadbalancing:us-east-1:111122223333';
  const [BLUE, GREEN, OTHER] = ['blue', 'green', 'other'].map((name) => `${ARN}:targetgroup/${name}/1`);
  const [LISTENER, OLD_LISTENER] = ['new', 'old'].map((name) => `${ARN}:listener/app/lb/1/${name}`);

  interface Rule {
    readonly RuleArn: string;
    readonly Actions: readonly object[];
  }
  interface Call {
    readonly ListenerArn: string;
    readonly Marker?: string;
  }
  interface Page {
    readonly Rules: readonly Rule[];
    readonly NextMarker?: string;
  }
  interface Answer {
    readonly Status: string;
    readonly PhysicalResourceId: string;
    readonly Reason?: string;
    readonly Data?: Readonly<Record<string, string>>;
  }

  let server: Server;
  let status = 200;
  let received: { method?: string; headers: IncomingHttpHeaders; answer: Answer }[] = [];

  beforeAll(async () => {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const answer = JSON.parse(Buffer.concat(chunks).toString());
      received.push({ method: request.method, headers: request.headers, answer });
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  beforeEach(() => {
    received = [];
    status = 200;
  });

  afterAll(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  const forward = (...weights: readonly (readonly [arn: string | undefined, weight?: number])[]): Rule => ({
    RuleArn: `${ARN}:listener-rule/app/lb/1/2/${weights.length}`,
    Actions: [
      {
        Type: 'forward',
        ForwardConfig: { TargetGroups: weights.map(([TargetGroupArn, Weight]) => ({ TargetGroupArn, Weight })) },
      },
    ],
  });
  /** Rules of the listener that have nothing to do with the two target groups. */
  const strangers: readonly Rule[] = [
    { RuleArn: `${ARN}:listener-rule/app/lb/1/2/404`, Actions: [{ Type: 'fixed-response' }] },
    forward([OTHER, 1]),
  ];

  const properties = { ListenerArn: LISTENER, TargetGroupArns: [BLUE, GREEN], Rule: '10 /new/*' };

  /** The answer to an event of CloudFormation, and the calls of Elastic Load Balancing on the way. */
  async function answerTo(
    event: { RequestType: string; PhysicalResourceId?: string; [name: string]: unknown },
    pages: (call: Call) => Page | Error,
  ): Promise<Answer & { calls: Call[] }> {
    const calls: Call[] = [];
    const sdk = {
      ElasticLoadBalancingV2Client: class {
        async send({ input }: { input: Call }): Promise<Page> {
          calls.push(input);
          const page = pages(input);
          if (page instanceof Error) throw page;
          return page;
        }
      },
      DescribeRulesCommand: class {
        constructor(readonly input: Call) {}
      },
    };
    const load = (name: string) => {
      if (name === '@aws-sdk/client-elastic-load-balancing-v2') return sdk;
      throw new Error(`Cannot find module ${name}`);
    };
    const [reader] = Object.values(templateOf().findResources(FUNCTION));
    const exports: { handler?: (event: object) => Promise<void> } = {};
    // Pauses between attempts take no time here.
    const setTimeout = (done: () => void) => setImmediate(done);
    const surroundings = { exports, require: load, fetch, AbortSignal, setTimeout, console: { log: () => undefined } };
    runInNewContext(reader?.['Properties'].Code.ZipFile, surroundings);
    const { port } = server.address() as AddressInfo;
    await exports.handler?.({
      StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Test/1',
      RequestId: 'request-1',
      LogicalResourceId: 'ReportsWeights1234ABCD',
      ResponseURL: `http://127.0.0.1:${port}/answer?signature=1`,
      ResourceProperties: properties,
      ...event,
    });
    expect(received).toHaveLength(1);
    return { ...(received[0]?.answer as Answer), calls };
  }

  const create = { RequestType: 'Create' };
  const update = {
    RequestType: 'Update',
    PhysicalResourceId: 'ReportsWeights1234ABCD',
    OldResourceProperties: { ...properties, Rule: '10 /old/*' },
  };
  const rules =
    (...all: readonly Rule[]) =>
    () => ({ Rules: [...strangers, ...all] });

  test('answers 100 and 0 before the rule is created', async () => {
    expect(await answerTo(create, rules())).toMatchObject({ Status: 'SUCCESS', Data: { First: '100', Second: '0' } });
  });

  test.each([
    ['after the first deployment', 100, 0],
    ['after the second deployment', 0, 100],
    ['in the middle of a deployment', 63, 37],
    ['with every request kept away by hand', 0, 0],
  ])('answers the weights of the rule %s', async (_, first, second) => {
    for (const event of [create, update]) {
      const answer = await answerTo(event, rules(forward([GREEN, second], [BLUE, first])));
      expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { First: `${first}`, Second: `${second}` } });
      received = [];
    }
  });

  test('reads the weights at that moment when a rollback changes the rule back', async () => {
    const back = { ...update, ResourceProperties: update.OldResourceProperties, OldResourceProperties: properties };
    const answer = await answerTo(back, rules(forward([BLUE, 0], [GREEN, 100])));
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { First: '0', Second: '100' } });
  });

  test.each([
    ['first', BLUE, '100', '0'],
    ['second', GREEN, '0', '100'],
  ])('gives all requests to the %s target group if the rule forwards to it alone', async (_, arn, First, Second) => {
    const scalar = { RuleArn: 'scalar', Actions: [{ Type: 'forward', TargetGroupArn: arn }] };
    // AWS returns both forms for a rule with one target group.
    const both = { RuleArn: 'both', Actions: [{ ...scalar.Actions[0], ...forward([arn, 1]).Actions[0] }] };
    for (const rule of [scalar, both]) {
      expect(await answerTo(update, rules(rule))).toMatchObject({ Status: 'SUCCESS', Data: { First, Second } });
      received = [];
    }
  });

  test('finds the action that forwards after an action that authenticates', async () => {
    const rule = forward([BLUE, 5], [GREEN, 95]);
    const signedIn = { ...rule, Actions: [{ Type: 'authenticate-oidc' }, ...rule.Actions] };
    expect(await answerTo(update, rules(signedIn))).toMatchObject({ Data: { First: '5', Second: '95' } });
  });

  test('finds the rule on the second page', async () => {
    const answer = await answerTo(update, ({ Marker }) =>
      Marker === undefined ? { Rules: strangers, NextMarker: 'page-2' } : { Rules: [forward([BLUE, 37], [GREEN, 63])] },
    );
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { First: '37', Second: '63' } });
    expect(answer.calls).toEqual([
      { ListenerArn: LISTENER, Marker: undefined },
      { ListenerArn: LISTENER, Marker: 'page-2' },
    ]);
  });

  test('finds the rule on the old listener while the rule moves to another one', async () => {
    const moving = { ...update, OldResourceProperties: { ...properties, ListenerArn: OLD_LISTENER } };
    const rule = forward([BLUE, 0], [GREEN, 100]);
    const answer = await answerTo(moving, ({ ListenerArn }) => ({
      Rules: ListenerArn === OLD_LISTENER ? [rule] : strangers,
    }));
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { First: '0', Second: '100' } });
  });

  test('answers a deletion without a call', async () => {
    const answer = await answerTo({ ...update, RequestType: 'Delete' }, () => new Error('not expected'));
    expect(answer).toMatchObject({ Status: 'SUCCESS', PhysicalResourceId: 'ReportsWeights1234ABCD', calls: [] });
    expect(answer.Data).toBeUndefined();
  });

  test.each([create, update, { ...update, RequestType: 'Delete' }])(
    'answers $RequestType as CloudFormation expects it, with an id that never changes',
    async (event) => {
      await answerTo(event, rules(forward([BLUE, 1], [GREEN, 2])));
      expect(received[0]).toMatchObject({
        method: 'PUT',
        // The signature of the address is for an empty type.
        headers: { 'content-type': '', 'content-length': expect.stringMatching(/^\d+$/) },
        answer: {
          StackId: 'arn:aws:cloudformation:us-east-1:111122223333:stack/Test/1',
          RequestId: 'request-1',
          LogicalResourceId: 'ReportsWeights1234ABCD',
          PhysicalResourceId: 'ReportsWeights1234ABCD',
        },
      });
    },
  );

  test('fails instead of guessing when the API refuses the call', async () => {
    const denied = Object.assign(new Error('User is not authorized to perform DescribeRules'), {
      name: 'AccessDenied',
    });
    for (const event of [create, update]) {
      const answer = await answerTo(event, () => denied);
      expect(answer).toMatchObject({
        Status: 'FAILED',
        PhysicalResourceId: 'ReportsWeights1234ABCD',
        Reason:
          'The weights of the listener rule could not be read, so the rule is left as it is. ' +
          'AccessDenied: User is not authorized to perform DescribeRules',
      });
      expect(answer.Data).toBeUndefined();
      expect(answer.calls).toHaveLength(5);
      received = [];
    }
  });

  test('tries again while the right of a new role is not known everywhere, and not after another error', async () => {
    let refusals = 3;
    const answer = await answerTo(create, () => {
      refusals -= 1;
      return refusals >= 0 ? Object.assign(new Error('not yet'), { name: 'AccessDenied' }) : { Rules: strangers };
    });
    expect(answer).toMatchObject({ Status: 'SUCCESS', Data: { First: '100', Second: '0' } });
    received = [];
    const failed = await answerTo(create, () => new Error('Rate exceeded'));
    expect(failed.calls).toHaveLength(1);
  });

  test('fails instead of guessing when the second page fails', async () => {
    const answer = await answerTo(create, ({ Marker }) =>
      Marker === undefined ? { Rules: strangers, NextMarker: 'page-2' } : new Error('Rate exceeded'),
    );
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('Rate exceeded') });
  });

  test('fails instead of guessing when a rule that existed is not found, and names the ways out', async () => {
    const { Status, Reason } = await answerTo(update, rules());
    expect(Status).toBe('FAILED');
    expect(Reason).toContain(`No rule of ${LISTENER} forwards to ${BLUE} or ${GREEN}. If the rule was changed by hand`);
    expect(Reason).toContain('If the target groups are new, create a second service with them.');
  });

  test('fails instead of guessing when two rules have different weights, and takes equal ones', async () => {
    const [one, two] = [forward([BLUE, 100], [GREEN, 0]), forward([BLUE, 0], [GREEN, 100])];
    const differing = await answerTo(update, rules(one, two));
    expect(differing).toMatchObject({
      Status: 'FAILED',
      Reason: expect.stringMatching(/Several rules .* different weights: 100 and 0 in arn:.*, 0 and 100 in arn:/),
    });
    received = [];
    expect(await answerTo(update, rules(one, one))).toMatchObject({ Data: { First: '100', Second: '0' } });
  });

  test('fails instead of guessing when a weight is missing', async () => {
    const answer = await answerTo(update, rules(forward([BLUE, 100], [GREEN])));
    expect(answer).toMatchObject({ Status: 'FAILED', Reason: expect.stringContaining('without weights') });
  });

  test('keeps a long reason within what CloudFormation accepts', async () => {
    await answerTo(update, () => new Error('x'.repeat(10_000)));
    expect(JSON.stringify(received[0]?.answer).length).toBeLessThan(4096);
  });

  test('fails, so that Lambda invokes it again, when the answer is not accepted', async () => {
    status = 403;
    await expect(answerTo(create, rules())).rejects.toThrow('CloudFormation did not accept the answer: status 403');
  });
});
