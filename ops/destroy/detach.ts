import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { clientOptions } from '../kit/client';

/** Polls within which Lambda takes a function out of its VPC. With 5 s between two of them, 5 minutes. */
const POLLS = 60;

/** Functions of the application. Handlers of custom resources have to stay in the VPC, because they delete resources in it. */
export class Functions {
  private readonly client: LambdaClient;

  /** @param pause milliseconds between two polls */
  constructor(
    region: string,
    private readonly pause: number,
    private readonly signal: AbortSignal,
  ) {
    this.client = new LambdaClient(clientOptions(region));
  }

  /** Those of the functions that are in a VPC. */
  async inVpc(names: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for (const name of names) if (((await this.read(name))?.VpcConfig?.SubnetIds ?? []).length > 0) found.push(name);
    return found;
  }

  /**
   * Takes the unpublished version of a function out of the VPC, and waits until Lambda has done it, because a deletion in the
   * meantime would leave the interfaces attached (https://github.com/go-to-k/cdkd/pull/42). The published version that the
   * aliases point to stays in the VPC and goes on answering. Its configuration cannot be changed, so its interfaces are released
   * only when CloudFormation deletes it, which it does before the function.
   *
   * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-versions.html
   */
  async detach(name: string): Promise<void> {
    await this.client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: name,
        VpcConfig: { SubnetIds: [], SecurityGroupIds: [] },
      }),
    );
    for (let poll = 0; poll < POLLS; poll++) {
      const found = await this.read(name);
      if (found === undefined || found.LastUpdateStatus !== 'InProgress') return;
      await sleep(this.pause, undefined, { signal: this.signal });
    }
  }

  private async read(FunctionName: string) {
    try {
      return await this.client.send(new GetFunctionConfigurationCommand({ FunctionName }));
    } catch (error) {
      if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  }
}
