import { Annotations, CfnOutput, Fn, Stack, StackProps, Validations } from 'aws-cdk-lib';
import { Construct } from 'constructs';

export interface SwitchedOffStackProps extends StackProps {
  /** The property of `EnvironmentConfig` that would switch the part on. */
  readonly property: string;
  /** What only the stack of the part reads of other stacks: it has to be there until that stack is gone. */
  readonly reads: readonly string[];
  /** Stacks that have to be deployed before the stack of the part is deleted, and that are destroyed after it. */
  readonly after: readonly Stack[];
}

/**
 * A part that is switched off: the stack of the part, without a resource.
 *
 * Of a stack without resources, `cdk deploy` deletes what is deployed under its name ("stack has no resources, deleting
 * existing stack"), and does nothing where nothing is. A stack that is not in the app at all would stay: no command of the
 * CLI would see it, and `cdk destroy --all` would fail at the network that it is in (docs/decisions/0014).
 */
export class SwitchedOffStack extends Stack {
  constructor(scope: Construct, id: string, { property, reads, after, ...props }: SwitchedOffStackProps) {
    // The metadata of the CDK would be a resource.
    super(scope, id, { ...props, analyticsReporting: false });
    Validations.of(this).acknowledge({
      id: 'CloudFormation-Validate::F0001',
      reason: 'A template without resources is never deployed: the CLI deletes the stack, or skips it.',
    });
    for (const stack of after) {
      this.addStackDependency(stack, 'A part goes after what leads to it, before what it is in');
    }
    // Keeps the outputs of the producers: whether CloudFormation reads them again to delete a resource is not documented.
    if (reads.length > 0) {
      new CfnOutput(this, 'Reads', { value: Fn.join(' ', [...reads]), description: 'Read by this part when it is on' });
    }
    Annotations.of(this).addInfo(`${property} is off: cdk deploy deletes ${this.stackName}, if it is deployed`);
  }
}
