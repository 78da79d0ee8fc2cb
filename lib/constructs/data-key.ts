// Kumiki 0.2.0, data-key.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { ArnFormat, Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface DataKeyProps {
  /** What the key encrypts, for the console. */
  readonly description: string;
  /**
   * Removal policy of the key. Without the key, nobody can read what it has encrypted: use DESTROY only where the data is
   * deleted with the key. KMS then waits 7 days before it deletes the key, and 30 days for a retained key that somebody deletes.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A customer managed key for data at rest that several resources share: log groups, tables, repositories, topics, and the
 * secrets of an EKS cluster. KMS rotates the key each year.
 *
 * - Identities of the account use the key only as far as their own policies allow, because the key policy gives the account,
 *   and no single identity, the right to decide.
 * - CloudWatch Logs uses the key only for log groups of this account and region: the condition names the encryption context,
 *   without which a log group of another account could be encrypted with the key.
 * - Other services act with the rights of the caller (DynamoDB), or by grants that they receive at the creation of the resource
 *   (ECR, EKS), and need no statement here.
 * - A bucket for access logs of load balancers cannot use the key: Elastic Load Balancing writes only to buckets with SSE-S3.
 *
 * @see https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
 * @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/encryption-at-rest.html
 * @see https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
 *
 * @example
 * ```ts
 * const { key } = new DataKey(this, 'DataKey', { description: 'Logs and tables of the shop' });
 * new logs.LogGroup(this, 'Logs', { encryptionKey: key });
 * ```
 */
export class DataKey extends Construct {
  readonly key: kms.Key;

  constructor(scope: Construct, id: string, props: DataKeyProps) {
    super(scope, id);
    const { description, removalPolicy = RemovalPolicy.RETAIN } = props;
    this.key = new kms.Key(this, 'Key', {
      description,
      enableKeyRotation: true,
      removalPolicy,
      pendingWindow: removalPolicy === RemovalPolicy.DESTROY ? Duration.days(7) : undefined,
    });
    const stack = Stack.of(this);
    this.key.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [new iam.ServicePrincipal(`logs.${stack.region}.amazonaws.com`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: {
            'kms:EncryptionContext:aws:logs:arn': stack.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: '*',
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
          },
        },
      }),
    );
  }
}
