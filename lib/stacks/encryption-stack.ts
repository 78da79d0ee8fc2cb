import { CfnOutput, Stack } from 'aws-cdk-lib';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { DataKey } from '../constructs/data-key';
import { EnvironmentStackProps } from '../environment-config';

/** The key of an environment, which all other stacks use. */
export class EncryptionStack extends Stack {
  readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: EnvironmentStackProps) {
    super(scope, id, props);
    const { config, removalPolicy } = props;
    this.key = new DataKey(this, 'Data', {
      description: `Logs, tables, images, topics and Kubernetes secrets of Kumiki ${config.id}`,
      removalPolicy,
    }).key;
    new CfnOutput(this, 'KeyArn', { value: this.key.keyArn, description: 'Key of this environment' });
  }
}
