import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { DataKey, DataKeyProps } from '../../lib/constructs/data-key';

function synthesize(props: Partial<DataKeyProps> = {}): Template {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  new DataKey(stack, 'Data', { description: 'Logs of the shop', ...props });
  return Template.fromStack(stack);
}

const template = synthesize();
const [{ KeyPolicy } = { KeyPolicy: undefined }] = Object.values(template.findResources('AWS::KMS::Key')).map(
  ({ Properties }) => Properties,
);

test('rotates, and is retained with what it has encrypted', () => {
  template.hasResource('AWS::KMS::Key', {
    DeletionPolicy: 'Retain',
    Properties: { EnableKeyRotation: true, Description: 'Logs of the shop', PendingWindowInDays: Match.absent() },
  });
});

test('is deleted after a week where the data is deleted, too', () => {
  synthesize({ removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::KMS::Key', {
    DeletionPolicy: 'Delete',
    Properties: { PendingWindowInDays: 7 },
  });
});

test('lets the account decide, and CloudWatch Logs use it for log groups of the account and region, and nobody else', () => {
  expect(KeyPolicy.Statement).toEqual([
    {
      Effect: 'Allow',
      Action: 'kms:*',
      Resource: '*',
      Principal: { AWS: { 'Fn::Join': ['', expect.arrayContaining([{ Ref: 'AWS::AccountId' }, ':root'])] } },
    },
    {
      Effect: 'Allow',
      Action: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
      Resource: '*',
      Principal: { Service: 'logs.us-east-1.amazonaws.com' },
      Condition: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': {
            'Fn::Join': [
              '',
              ['arn:', { Ref: 'AWS::Partition' }, ':logs:us-east-1:', { Ref: 'AWS::AccountId' }, ':log-group:*'],
            ],
          },
        },
      },
    },
  ]);
});
