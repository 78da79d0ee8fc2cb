import { createServer, IncomingMessage } from 'node:http';
import { AddressInfo } from 'node:net';

/** Status and body of an answer, in the form that AWS's API reference documents. */
export type Answer = readonly [status: number, body: string];

export interface RecordedStack {
  status: string;
  isProtected?: boolean;
  tag?: string;
  resources?: readonly (readonly [logicalId: string, type: string, physicalId: string])[];
  retained?: readonly string[];
  /** Events, the oldest first: logical id, type, status, reason. */
  events?: readonly (readonly [logicalId: string, type: string, status: string, reason: string])[];
}

export interface RecordedInterface {
  status: string;
  groups: readonly string[];
  description: string;
}

/** An account that answers in the documented shapes, and records every question. */
export class RecordedAccount {
  account = '111122223333';
  readonly asked: string[] = [];
  readonly stacks = new Map<string, RecordedStack>();
  readonly interfaces = new Map<string, RecordedInterface>();
  /** Names of functions that are in a VPC. */
  readonly inVpc = new Set<string>();
  /** Answers instead of those of the account, by the beginning of the question. Each is used up by one question. */
  readonly next: { readonly question: string; readonly answer: Answer }[] = [];
  /** Answers to every question with this beginning. */
  readonly always = new Map<string, Answer>();
  onDeleteStack: (name: string) => void = (name) => this.stacks.delete(name);
  private readonly server = createServer(async (request, response) => {
    const [question, parameters] = await questionOf(request);
    this.asked.push(`${question} ${[...parameters].map((pair) => pair.join('=')).join('&')}`.trim());
    const index = this.next.findIndex((each) => question.startsWith(each.question));
    const [once] = index < 0 ? [] : this.next.splice(index, 1);
    const all = [...this.always].find(([begin]) => question.startsWith(begin))?.[1];
    const [status, body] = once?.answer ?? all ?? this.answer(question, parameters);
    response.writeHead(status).end(body);
  });
  private readonly before = { ...process.env };

  async start(): Promise<void> {
    await new Promise<void>((listening) => this.server.listen(0, '127.0.0.1', listening));
    const { port }: AddressInfo = Object.assign({ port: 0, family: '', address: '' }, this.server.address());
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
  }

  async stop(): Promise<void> {
    process.env = this.before;
    this.server.closeAllConnections();
    await new Promise((closed) => this.server.close(closed));
  }

  reset(): void {
    this.account = '111122223333';
    this.asked.length = 0;
    this.next.length = 0;
    this.always.clear();
    this.stacks.clear();
    this.interfaces.clear();
    this.inVpc.clear();
    this.onDeleteStack = (name) => this.stacks.delete(name);
  }

  private answer(question: string, parameters: ReadonlyMap<string, string>): Answer {
    const stackName = parameters.get('StackName') ?? '';
    const stack = this.stacks.get(stackName);
    switch (question) {
      case 'sts GetCallerIdentity':
        return xml(
          'GetCallerIdentity',
          `<GetCallerIdentityResult><Arn>arn:aws:iam::${this.account}:user/a</Arn><UserId>A</UserId><Account>${this.account}</Account></GetCallerIdentityResult>`,
        );
      case 'cloudformation DescribeStacks': {
        if (stackName !== '' && stack === undefined) return missing(stackName);
        const all = [...this.stacks].filter(([name]) => stackName === '' || name === stackName);
        return result(
          'DescribeStacks',
          `<Stacks>${all.map(([name, each]) => described(name, each)).join('')}</Stacks>`,
        );
      }
      case 'cloudformation ListStackResources': {
        if (stack === undefined) return missing(stackName);
        const members = (stack.resources ?? []).map(
          ([logicalId, type, physicalId]) =>
            `<member><LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
            `<PhysicalResourceId>${physicalId}</PhysicalResourceId><ResourceStatus>CREATE_COMPLETE</ResourceStatus>` +
            '<LastUpdatedTimestamp>2026-05-08T23:34:01Z</LastUpdatedTimestamp></member>',
        );
        return result('ListStackResources', `<StackResourceSummaries>${members.join('')}</StackResourceSummaries>`);
      }
      case 'cloudformation GetTemplate': {
        const Resources = Object.fromEntries(
          (stack?.resources ?? []).map(([id, Type]) => [
            id,
            { Type, DeletionPolicy: stack?.retained?.includes(id) ? 'RetainExceptOnCreate' : 'Delete' },
          ]),
        );
        const body = JSON.stringify({ Resources }).replaceAll('"', '&quot;');
        return result('GetTemplate', `<TemplateBody>${body}</TemplateBody>`);
      }
      case 'cloudformation DescribeStackEvents': {
        if (stack === undefined) return missing(stackName);
        const events = (stack.events ?? []).map(
          ([logicalId, type, status, reason], index) =>
            `<member><StackId>id-${stackName}</StackId><EventId>${index}</EventId><StackName>${stackName}</StackName>` +
            `<LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
            `<PhysicalResourceId>${logicalId === stackName ? `id-${stackName}` : 'x'}</PhysicalResourceId>` +
            `<Timestamp>2026-05-08T23:34:01Z</Timestamp><ResourceStatus>${status}</ResourceStatus>` +
            `<ResourceStatusReason>${reason}</ResourceStatusReason></member>`,
        );
        return result('DescribeStackEvents', `<StackEvents>${events.toReversed().join('')}</StackEvents>`);
      }
      case 'cloudformation DeleteStack':
        this.onDeleteStack(stackName);
        return xml('DeleteStack', '');
      case 'ec2 DescribeNetworkInterfaces': {
        const text = [...parameters.values()];
        const items = [...this.interfaces]
          .filter(([, { groups }]) => groups.some((group) => text.includes(group)))
          .map(
            ([id, { status, description }]) =>
              `<item><networkInterfaceId>${id}</networkInterfaceId><status>${status}</status><description>${description}</description></item>`,
          );
        return xml('DescribeNetworkInterfaces', `<networkInterfaceSet>${items.join('')}</networkInterfaceSet>`);
      }
      case 'ec2 DeleteNetworkInterface':
        if (this.interfaces.get(parameters.get('NetworkInterfaceId') ?? '')?.status === 'in-use') {
          return ec2Error(400, 'InvalidParameterValue', 'Network interface is currently in use.');
        }
        this.interfaces.delete(parameters.get('NetworkInterfaceId') ?? '');
        return xml('DeleteNetworkInterface', '<return>true</return>');
      default:
        return this.answerOfLambda(question);
    }
  }

  private answerOfLambda(question: string): Answer {
    const [, method, name = ''] =
      /^lambda (\w+) \/2015-03-31\/functions\/([\w-]+)\/configuration$/.exec(question) ?? [];
    if (method === 'PUT') this.inVpc.delete(name);
    if (method === undefined) return [501, question];
    const VpcConfig = this.inVpc.has(name)
      ? { VpcId: 'vpc-1', SubnetIds: ['subnet-1'], SecurityGroupIds: ['sg-function'] }
      : { VpcId: '', SubnetIds: [], SecurityGroupIds: [] };
    return [200, JSON.stringify({ FunctionName: name, VpcConfig, LastUpdateStatus: 'Successful' })];
  }
}

export function queryError(status: number, code: string, message: string): Answer {
  return [
    status,
    `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>r</RequestId></ErrorResponse>`,
  ];
}

export function ec2Error(status: number, code: string, message: string): Answer {
  return [
    status,
    `<Response><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><RequestID>r</RequestID></Response>`,
  ];
}

function xml(action: string, body: string): Answer {
  return [200, `<${action}Response>${body}</${action}Response>`];
}

function result(action: string, body: string): Answer {
  return xml(action, `<${action}Result>${body}</${action}Result>`);
}

function missing(stackName: string): Answer {
  return queryError(400, 'ValidationError', `Stack with id ${stackName} does not exist`);
}

function described(name: string, { status, isProtected = false, tag }: RecordedStack): string {
  const tags =
    tag === undefined ? '' : `<Tags><member><Key>kumiki:environment</Key><Value>${tag}</Value></member></Tags>`;
  return (
    `<member><StackId>id-${name}</StackId><StackName>${name}</StackName><CreationTime>2026-05-08T23:34:01Z</CreationTime>` +
    `<StackStatus>${status}</StackStatus><EnableTerminationProtection>${isProtected}</EnableTerminationProtection>${tags}</member>`
  );
}

/** `cloudformation DescribeStacks`, and the parameters of the request. */
async function questionOf(request: IncomingMessage): Promise<[string, Map<string, string>]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const [, service = ''] = /Credential=[^/]+\/\d+\/[\w-]+\/([\w-]+)\//.exec(request.headers.authorization ?? '') ?? [];
  const body = Buffer.concat(chunks).toString();
  const parameters = new Map(new URLSearchParams(body));
  const action = parameters.get('Action');
  if (action !== undefined) return [`${service} ${action}`, parameters];
  return [`${service} ${request.method} ${request.url?.split('?')[0]?.replace(/\/$/, '')}`, new Map([['body', body]])];
}
