import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AccessLogBucket, AccessLogBucketProps } from '../../lib/constructs/access-log-bucket';

function synthesize(props: AccessLogBucketProps): Template {
  const stack = new Stack(new App(), 'Test');
  new AccessLogBucket(stack, 'AccessLogs', props);
  return Template.fromStack(stack);
}

test('is private and encrypted in the one way that load balancers can write to', () => {
  synthesize({ retentionDays: 90 }).hasResourceProperties('AWS::S3::Bucket', {
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

test('refuses what does not come over TLS', () => {
  synthesize({ retentionDays: 90 }).hasResourceProperties('AWS::S3::BucketPolicy', {
    PolicyDocument: Match.objectLike({
      Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })],
    }),
  });
});

test('deletes entries by age', () => {
  synthesize({ retentionDays: 30 }).hasResourceProperties('AWS::S3::Bucket', {
    LifecycleConfiguration: { Rules: [{ ExpirationInDays: 30, Status: 'Enabled' }] },
  });
});

test('stays when its stack goes, unless told otherwise', () => {
  synthesize({ retentionDays: 30 }).hasResource('AWS::S3::Bucket', { DeletionPolicy: 'Retain' });
  synthesize({ retentionDays: 30, removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::S3::Bucket', {
    DeletionPolicy: 'Delete',
  });
});

test.each([0, 1.5, Number.NaN])('refuses to keep entries for %p days', (retentionDays) => {
  expect(() => synthesize({ retentionDays })).toThrow(
    `retentionDays: must be a whole number of at least 1, got ${retentionDays}. Give the days to keep, such as 90`,
  );
});
