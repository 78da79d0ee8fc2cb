import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import { SessionTable, SessionTableProps } from '../../lib/constructs/session-table';

function synthesize(props?: SessionTableProps, use?: (state: SessionTable, role: iam.Role) => void): Template {
  const stack = new Stack(new App(), 'Test');
  const state = new SessionTable(stack, 'State', props);
  use?.(state, new iam.Role(stack, 'Role', { assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com') }));
  return Template.fromStack(stack);
}

test('has one table without indexes, on demand, whose items expire', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::DynamoDB::Table', {
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    BillingMode: 'PAY_PER_REQUEST',
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  });
  expect(JSON.stringify(template.toJSON())).not.toContain('SecondaryIndexes');
});

test('can be restored and is retained by default, without deletion protection, which would stop a rollback', () => {
  synthesize().hasResource('AWS::DynamoDB::Table', {
    Properties: {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      DeletionProtectionEnabled: Match.absent(),
    },
    DeletionPolicy: 'Retain',
  });
  synthesize({ pointInTimeRecovery: false, removalPolicy: RemovalPolicy.DESTROY }).hasResource('AWS::DynamoDB::Table', {
    Properties: {
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
    },
    DeletionPolicy: 'Delete',
  });
});

test('is encrypted with the key that it is given', () => {
  const stack = new Stack(new App(), 'Test');
  new SessionTable(stack, 'State', { encryptionKey: new kms.Key(stack, 'Key') });
  Template.fromStack(stack).hasResourceProperties('AWS::DynamoDB::Table', {
    SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
  });
});

test('grants nobody Scan, and each grantee only the actions of its grant', () => {
  const actions = (template: Template) =>
    Object.values(template.findResources('AWS::IAM::Policy')).flatMap(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
  const [items] = actions(synthesize({}, (state, role) => state.grantItems(role)));
  expect(items.Action).toEqual(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem'].map((name) => `dynamodb:${name}`));
  expect([items.Resource].flat()).toEqual([{ 'Fn::GetAtt': [expect.stringMatching(/^StateTable/), 'Arn'] }]);
  const [query] = actions(synthesize({}, (state, role) => state.grantQuery(role)));
  expect(query.Action).toBe('dynamodb:Query');
});
