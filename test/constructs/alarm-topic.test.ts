import { App, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { AlarmTopic, AlarmTopicProps } from '../../lib/constructs/alarm-topic';

const EMAIL = 'on-call@example.com';

function synthesize(props: AlarmTopicProps = { emails: [EMAIL] }): Template {
  const stack = new Stack(new App(), 'Test', { env: { region: 'us-east-1' } });
  const { alarms } = new AlarmTopic(stack, 'OnCall', props);
  const template = Template.fromStack(stack);
  template.resourceCountIs('AWS::CloudWatch::Alarm', alarms.length);
  return template;
}

const template = synthesize();

/** The account for which a service may act, and the resources of the account, if the policy limits them, too. */
const publisher = (service: string, sourceArn?: object) => ({
  Effect: 'Allow',
  Principal: { Service: `${service}.amazonaws.com` },
  Condition: {
    StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } },
    ...(sourceArn && { ArnLike: { 'aws:SourceArn': sourceArn } }),
  },
});
const ALARMS = {
  'Fn::Join': [
    '',
    ['arn:', { Ref: 'AWS::Partition' }, ':cloudwatch:us-east-1:', { Ref: 'AWS::AccountId' }, ':alarm:*'],
  ],
};
const BUDGETS = {
  'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':budgets::', { Ref: 'AWS::AccountId' }, ':*']],
};

function statementsOf(type: string, property: string, of = template): { readonly Principal: object }[] {
  const [policy] = Object.values(of.findResources(type));
  return policy?.['Properties'][property].Statement;
}

test('is encrypted with a key of its own that KMS rotates and that is deleted with it', () => {
  template.hasResourceProperties('AWS::SNS::Topic', {
    KmsMasterKeyId: { 'Fn::GetAtt': [Match.stringLikeRegexp('^OnCallKey'), 'Arn'] },
  });
  template.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Delete', Properties: { EnableKeyRotation: true } });
});

test('only alarms of this account and region publish, and only by TLS', () => {
  const statements = statementsOf('AWS::SNS::TopicPolicy', 'PolicyDocument');
  expect(statements).toHaveLength(2);
  expect(statements).toContainEqual(
    expect.objectContaining({ Action: 'sns:Publish', ...publisher('cloudwatch', ALARMS) }),
  );
  expect(statements).toContainEqual(
    expect.objectContaining({
      Effect: 'Deny',
      Action: 'sns:Publish',
      Principal: '*',
      Condition: { Bool: { 'aws:SecureTransport': 'false' } },
    }),
  );
});

test('the key lets CloudWatch encrypt on behalf of this account, and no other service', () => {
  const [account, ...services] = statementsOf('AWS::KMS::Key', 'KeyPolicy');
  expect(account).toMatchObject({ Action: 'kms:*', Principal: { AWS: expect.anything() } });
  expect(services).toEqual([
    expect.objectContaining({ Action: ['kms:Decrypt', 'kms:GenerateDataKey*'], ...publisher('cloudwatch') }),
  ]);
});

test('AWS Budgets publishes on request, on behalf of this account', () => {
  const withBudgets = synthesize({ emails: [EMAIL], budgets: true });
  expect(statementsOf('AWS::SNS::TopicPolicy', 'PolicyDocument', withBudgets)).toContainEqual(
    expect.objectContaining(publisher('budgets', BUDGETS)),
  );
  expect(statementsOf('AWS::KMS::Key', 'KeyPolicy', withBudgets)).toContainEqual(
    expect.objectContaining(publisher('budgets')),
  );
});

test('two topics can share a key', () => {
  const stack = new Stack(new App(), 'Test');
  const { encryptionKey } = new AlarmTopic(stack, 'Page', { emails: [EMAIL] });
  new AlarmTopic(stack, 'Notice', { emails: [EMAIL], encryptionKey });
  Template.fromStack(stack).resourceCountIs('AWS::KMS::Key', 1);
});

test('people receive e-mails, and services receive requests by https', () => {
  const both = synthesize({ emails: [EMAIL], endpoints: ['https://events.example.com/integration/1'] });
  both.resourceCountIs('AWS::SNS::Subscription', 2);
  both.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: EMAIL });
  both.hasResourceProperties('AWS::SNS::Subscription', {
    Protocol: 'https',
    Endpoint: 'https://events.example.com/integration/1',
  });
});

test('a channel of Slack receives messages, and its members can only read CloudWatch', () => {
  const slack = synthesize({ slack: { workspaceId: 'T0123ABCD', channelId: 'C0123ABCD' } });
  const readOnly = {
    'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':iam::aws:policy/CloudWatchReadOnlyAccess']],
  };
  slack.hasResourceProperties('AWS::Chatbot::SlackChannelConfiguration', {
    SlackWorkspaceId: 'T0123ABCD',
    SlackChannelId: 'C0123ABCD',
    SnsTopicArns: [{ Ref: Match.stringLikeRegexp('^OnCallTopic') }],
    GuardrailPolicies: [readOnly],
  });
});

test('an alarm goes off when a message is not delivered, and is quiet without messages', () => {
  template.hasResourceProperties('AWS::CloudWatch::Alarm', {
    Namespace: 'AWS/SNS',
    MetricName: 'NumberOfNotificationsFailed',
    Dimensions: [{ Name: 'TopicName', Value: { 'Fn::GetAtt': [Match.stringLikeRegexp('^OnCallTopic'), 'TopicName'] } }],
    Statistic: 'Sum',
    Period: 300,
    Threshold: 1,
    ComparisonOperator: 'GreaterThanOrEqualToThreshold',
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmDescription: Match.stringLikeRegexp('First look: the subscriptions'),
  });
});

test('the alarm can be left out', () => {
  synthesize({ emails: [EMAIL], watched: false }).resourceCountIs('AWS::CloudWatch::Alarm', 0);
});

test('the key can be retained', () => {
  const retained = synthesize({ emails: [EMAIL], removalPolicy: RemovalPolicy.RETAIN });
  retained.hasResource('AWS::KMS::Key', { DeletionPolicy: 'Retain' });
});

test.each<[string, AlarmTopicProps, string]>([
  ['no receiver', {}, 'emails, endpoints, slack: must name at least one receiver, got none.'],
  ['empty lists of receivers', { emails: [], endpoints: [] }, 'must name at least one receiver'],
  ['a malformed address', { emails: ['on-call'] }, 'emails: must be addresses, got "on-call".'],
  [
    'http',
    { endpoints: ['http://example.com'] },
    'endpoints: must be https URLs without a user name and a password, got',
  ],
  ['no URL', { endpoints: ['example.com'] }, 'endpoints: must be https URLs'],
  ['a password', { endpoints: ['https://me:secret@example.com'] }, 'got "https://…@example.com"'],
  [
    'a name of a channel',
    { slack: { workspaceId: 'T0123ABCD', channelId: '#alarms' } },
    'slack.channelId: must be the id that Slack shows, in letters and digits, got "#alarms".',
  ],
  [
    'a name of a workspace',
    { slack: { workspaceId: 'my team', channelId: 'C1' } },
    'slack.workspaceId: must be the id',
  ],
])('fails for %s', (_, props, message) => {
  expect(() => synthesize(props)).toThrow(message);
});
