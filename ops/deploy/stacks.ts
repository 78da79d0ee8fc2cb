import {
  CloudFormationClient,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  DescribeStacksCommand,
  GetTemplateCommand,
  ListStackResourcesCommand,
  type Stack,
  type StackEvent,
} from '@aws-sdk/client-cloudformation';
import { clientOptions } from '../kit/client';
import { isStackOf } from '../sweep/names';

/** A stack of an environment that exists in the account. */
export interface DeployedStack {
  readonly name: string;
  /** `RestApi` of `Kumiki-sandbox-RestApi`. */
  readonly part: string;
  readonly status: string;
  readonly isProtected: boolean;
}

export interface StackResource {
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
}

/** A resource that failed, with the words of AWS. */
export interface Cause {
  readonly stack: string;
  readonly resource: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string;
}

/** The stacks of an environment, as CloudFormation describes them. */
export class Stacks {
  private readonly client: CloudFormationClient;
  private readonly prefix: string;

  constructor(
    private readonly environmentId: string,
    region: string,
  ) {
    this.client = new CloudFormationClient(clientOptions(region));
    this.prefix = `Kumiki-${environmentId}-`;
  }

  nameOf(part: string): string {
    return `${this.prefix}${part}`;
  }

  /** The stacks of the environment that exist, also those that the app no longer has. */
  async list(): Promise<DeployedStack[]> {
    const found: Stack[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.client.send(new DescribeStacksCommand({ NextToken }));
      found.push(...(page.Stacks ?? []));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found.filter((stack) => this.isOwn(stack)).map((stack) => this.described(stack));
  }

  /** The stack of a part; undefined where it does not exist. */
  async find(part: string): Promise<DeployedStack | undefined> {
    try {
      const { Stacks: [stack] = [] } = await this.client.send(
        new DescribeStacksCommand({ StackName: this.nameOf(part) }),
      );
      return stack && this.described(stack);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** The resource at which the last operation of a stack failed first; undefined where none failed. */
  async cause(stackName: string): Promise<Cause | undefined> {
    try {
      return causeIn(await this.lastOperation(stackName));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async resources(stackName: string): Promise<StackResource[]> {
    const found: StackResource[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.client.send(new ListStackResourcesCommand({ StackName: stackName, NextToken }));
      for (const each of page.StackResourceSummaries ?? []) {
        found.push({
          logicalId: each.LogicalResourceId ?? '',
          physicalId: each.PhysicalResourceId ?? '',
          type: each.ResourceType ?? '',
          status: each.ResourceStatus ?? '',
        });
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return found;
  }

  /** Logical ids of the resources that the deployed template retains when its stack is deleted. */
  async retained(stackName: string): Promise<ReadonlySet<string>> {
    const { TemplateBody = '{}' } = await this.client.send(new GetTemplateCommand({ StackName: stackName }));
    const template: { Resources?: Record<string, { DeletionPolicy?: string }> } = JSON.parse(TemplateBody);
    return new Set(
      Object.entries(template.Resources ?? {}).flatMap(([id, { DeletionPolicy }]) =>
        DeletionPolicy?.startsWith('Retain') ? [id] : [],
      ),
    );
  }

  /** Begins to delete a stack that the CDK CLI does not know, because the app no longer has it. */
  async delete(stackName: string): Promise<void> {
    await this.client.send(new DeleteStackCommand({ StackName: stackName }));
  }

  /** Events of the last operation, the newest first. */
  private async lastOperation(StackName: string): Promise<StackEvent[]> {
    const events: StackEvent[] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.client.send(new DescribeStackEventsCommand({ StackName, NextToken }));
      for (const event of page.StackEvents ?? []) {
        events.push(event);
        if (beginsOperation(event)) return events;
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return events;
  }

  /**
   * The environment `sandbox` does not own the stack of an environment `sandbox-b`, and without the tag of the environment only
   * a stack with the name of a part.
   */
  private isOwn({ StackName = '', Tags = [] }: Stack): boolean {
    const tag = Tags.find(({ Key }) => Key === 'kumiki:environment')?.Value;
    return (
      StackName.startsWith(this.prefix) &&
      /^\w+$/.test(StackName.slice(this.prefix.length)) &&
      (tag === undefined ? isStackOf(this.environmentId, StackName) : tag === this.environmentId)
    );
  }

  private described({ StackName = '', StackStatus, EnableTerminationProtection = false }: Stack): DeployedStack {
    return {
      name: StackName,
      part: StackName.slice(this.prefix.length),
      status: StackStatus ?? '',
      isProtected: EnableTerminationProtection,
    };
  }
}

/** The first failure among events, the newest first. CloudFormation cancels other resources after a failure. */
export function causeIn(events: readonly StackEvent[]): Cause | undefined {
  const failed = events
    .toReversed()
    .filter(
      ({ ResourceStatus, ResourceStatusReason = '', PhysicalResourceId, StackId }) =>
        ResourceStatus?.endsWith('_FAILED') === true &&
        PhysicalResourceId !== StackId &&
        !/cancelled/i.test(ResourceStatusReason),
    )[0];
  if (failed === undefined) return undefined;
  return {
    stack: failed.StackName ?? '',
    resource: failed.LogicalResourceId ?? '',
    type: failed.ResourceType ?? '',
    status: failed.ResourceStatus ?? '',
    reason: oneLine(failed.ResourceStatusReason ?? ''),
  };
}

function beginsOperation({ ResourceStatus, PhysicalResourceId, StackId }: StackEvent): boolean {
  return PhysicalResourceId === StackId && /^(CREATE|UPDATE|DELETE)_IN_PROGRESS$/.test(ResourceStatus ?? '');
}

export function isInProgress({ status }: DeployedStack): boolean {
  return status.endsWith('_IN_PROGRESS') && status !== 'REVIEW_IN_PROGRESS';
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && error.message.includes('does not exist');
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
