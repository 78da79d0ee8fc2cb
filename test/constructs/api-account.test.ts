import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ApiAccount, ApiAccountProps } from '../../lib/constructs/api-account';

function synthesize(props?: ApiAccountProps): Template {
  const stack = new Stack(new App(), 'Test');
  new ApiAccount(stack, 'ApiAccount', props);
  return Template.fromStack(stack);
}

test('points the account setting at a role that API Gateway can assume', () => {
  const template = synthesize();
  template.hasResourceProperties('AWS::IAM::Role', {
    AssumeRolePolicyDocument: Match.objectLike({
      Statement: [Match.objectLike({ Principal: { Service: 'apigateway.amazonaws.com' } })],
    }),
  });
  template.hasResourceProperties('AWS::ApiGateway::Account', {
    CloudWatchRoleArn: { 'Fn::GetAtt': [Match.stringLikeRegexp('ApiAccountRole'), 'Arn'] },
  });
});

test('keeps role and setting by default, because other APIs of the account log through them', () => {
  const template = synthesize();
  template.hasResource('AWS::IAM::Role', { DeletionPolicy: 'Retain' });
  template.hasResource('AWS::ApiGateway::Account', { DeletionPolicy: 'Retain' });
});

test('leaves nothing behind in an account of its own', () => {
  const template = synthesize({ removalPolicy: RemovalPolicy.DESTROY });
  template.hasResource('AWS::IAM::Role', { DeletionPolicy: 'Delete' });
  template.hasResource('AWS::ApiGateway::Account', { DeletionPolicy: 'Delete' });
});
