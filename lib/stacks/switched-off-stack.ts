import { Annotations, CfnOutput, Fn, Stack, StackProps, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';

export interface SwitchedOffStackProps extends StackProps {
  /** Property of `EnvironmentConfig` that switches the part on. */
  readonly property: string;
  /** Values of other stacks that only the stack of the part reads. They have to exist until that stack is deleted. */
  readonly reads: readonly string[];
  /** Stacks that are deployed before the stack of the part is deleted, and destroyed after it. */
  readonly after: readonly Stack[];
}

/**
 * The stack of a part that is switched off, without resources.
 *
 * `cdk deploy` deletes a deployed stack that has no resources in the app ("stack has no resources, deleting existing stack"),
 * and skips such a stack that is not deployed. A deployed stack that is missing from the app would stay: no command of the CLI
 * would know the stack, and `cdk destroy --all` could not delete the network that the stack uses (docs/decisions/0014).
 */
export class SwitchedOffStack extends Stack {
  constructor(scope: Construct, id: string, { property, reads, after, ...props }: SwitchedOffStackProps) {
    // The metadata that the CDK adds to stacks would be a resource.
    super(scope, id, { ...props, analyticsReporting: false });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::F0001',
      reason: 'A template without resources is never deployed: the CLI deletes the stack, or skips it.',
    });
    for (const stack of after) {
      this.addStackDependency(
        stack,
        'A part is deleted after the stacks that lead to it and before the stacks that hold it',
      );
    }
    // The output keeps the outputs of the producers, because CloudFormation may read them again to delete a resource: AWS does
    // not document this.
    if (reads.length > 0) {
      new CfnOutput(this, 'Reads', { value: Fn.join(' ', [...reads]), description: 'Read by this part when it is on' });
    }
    Annotations.of(this).addInfo(`${property} is off: cdk deploy deletes ${this.stackName}, if it is deployed`);
  }
}
