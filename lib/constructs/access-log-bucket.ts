// Kumiki 0.1.0, access-log-bucket.ts (MIT-0). Its changes are in CHANGELOG.md of Kumiki.

import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface AccessLogBucketProps {
  /** Age at which an entry is deleted, in whole days. @throws unless it is a whole number of days of at least 1 */
  readonly retention: Duration;

  /**
   * Removal policy of the bucket. CloudFormation can delete only an empty bucket.
   *
   * @default RemovalPolicy.RETAIN
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A private bucket for the access logs of load balancers. The bucket is encrypted with the key of S3 because load
 * balancers can write to no other kind, accepts TLS only, and deletes entries by age.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
 *
 * @example
 * ```ts
 * const accessLogs = new AccessLogBucket(this, 'AccessLogs', { retention: Duration.days(90) });
 * const balancer = new elbv2.ApplicationLoadBalancer(this, 'LoadBalancer', { vpc });
 * balancer.logAccessLogs(accessLogs.bucket, 'shop');
 * ```
 */
export class AccessLogBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: AccessLogBucketProps) {
    super(scope, id);
    const { retention } = props;
    if (!retention.isUnresolved()) {
      const days = retention.toDays({ integral: false });
      if (!(Number.isInteger(days) && days >= 1)) {
        throw new Error(
          `retention: must be a whole number of days of at least 1, got ${days}. ` +
            'Give the age of the oldest entry to keep, such as Duration.days(90).',
        );
      }
    }
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: retention }],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }
}
