import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';

export interface AccessLogBucketProps {
  /** Days after which an entry is deleted, at least 1. @throws unless it is a whole number of at least 1 */
  readonly retentionDays: number;

  /** What becomes of the bucket when the stack goes; only an empty one can be deleted. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * A private bucket for the access logs of load balancers: encrypted with the key of S3, the only kind they can write
 * to, reached over TLS only, and emptied by age.
 *
 * @see https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
 */
export class AccessLogBucket extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: AccessLogBucketProps) {
    super(scope, id);
    const { retentionDays } = props;
    if (!(Number.isInteger(retentionDays) && retentionDays >= 1)) {
      throw new Error(
        `retentionDays: must be a whole number of at least 1, got ${retentionDays}. Give the days to keep, such as 90`,
      );
    }
    this.bucket = new s3.Bucket(this, 'Bucket', {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [{ expiration: Duration.days(retentionDays) }],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
    });
  }
}
