import { App, Duration, RemovalPolicy, Stack, Token } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AccessLogBucket, AccessLogBucketProps } from '../../lib/constructs/access-log-bucket';

function synthesize(props: AccessLogBucketProps): Template {
  const stack = new Stack(new App(), 'Test');
  new AccessLogBucket(stack, 'AccessLogs', props);
  return Template.fromStack(stack);
}

test('is private and encrypted in the one way that load balancers can write to', () => {
  synthesize({ retention: Duration.days(90) }).hasResourceProperties('AWS::S3::Bucket', {
    BucketEncryption: {
      ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
    },
    PublicAccessBlockConfiguration: {
      BlockPublicAcls: true,
      BlockPublicPolicy: true,
      IgnorePublicAcls: true,
      RestrictPublicBuckets: true,
    },
  });
});

test('refuses requests without TLS', () => {
  synthesize({ retention: Duration.days(90) }).hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: Match.objectLike({
      Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
    }),
  });
});

test('deletes entries by age', () => {
  synthesize({ retention: Duration.days(30) }).hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: 'Enabled' }] },
  });
});

test('stays when its stack is deleted, unless another removal policy is given', () => {
  const retention = Duration.days(30);
  synthesize({ retention }).hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  synthesize({ retention, removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Delete',
  });
});

test('accepts an age that is known at deploy time only', () => {
  const retention = Duration.days(Token.asNumber({ Ref: 'Days' }));
  synthesize({ retention }).hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: { Rules: [{ ExpirationInDays: { Ref: 'Days' } }] },
  });
});

test.each([
  [0, Duration.days(0)],
  [1.5, Duration.hours(36)],
])('fails for a retention of %p days', (days, retention) => {
  expect(() => synthesize({ retention })).toThrow(
    `retention: must be a whole number of days of at least 1, got ${days}. Give the age of the oldest entry to keep, such as Duration.days(90).`,
  );
});
