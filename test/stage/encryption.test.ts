import { fixtureOf } from '../support/fixture';
import { Resource, resourcesOf, synthesized } from '../support/stage';
import { variants } from '../support/variants';

const { 'with a key of its own': config } = variants();
if (config === undefined) throw new Error('The variant is missing.');
const resources = resourcesOf(synthesized(config));
const ofType = (type: string) => resources.filter(([, , { Type }]) => Type === type);
const isKeyOfEnvironment = (value: unknown) => JSON.stringify(value ?? null).includes('Kumiki-trial-Encryption');

test.each<[string, (properties: NonNullable<Resource['Properties']>) => unknown]>([
  ['AWS::Logs::LogGroup', ({ KmsKeyId }) => KmsKeyId],
  ['AWS::DynamoDB::Table', ({ SSESpecification }) => Object(SSESpecification).KMSMasterKeyId],
  ['AWS::ECR::Repository', ({ EncryptionConfiguration }) => Object(EncryptionConfiguration).KmsKey],
  ['AWS::EKS::Cluster', ({ EncryptionConfig }) => EncryptionConfig],
])('every %s is encrypted with the key of the environment', (type, keyOf) => {
  const found = ofType(type);
  expect(found.length).toBeGreaterThan(0);
  const others = found.filter(([, , { Properties = {} }]) => !isKeyOfEnvironment(keyOf(Properties)));
  expect(others.map(([stack, id]) => `${stack} ${id}`)).toEqual([]);
});

test('there is no other key', () => {
  expect(ofType('AWS::KMS::Key').map(([stack]) => stack)).toEqual(['Encryption']);
});

test('functions that use the table may use the key', () => {
  const policies = ofType('AWS::IAM::Policy').filter(
    ([stack, , { Properties }]) => stack === 'WebSocketApi' && JSON.stringify(Properties).includes('dynamodb:GetItem'),
  );
  expect(policies.length).toBe(2);
  for (const [, , { Properties }] of policies) {
    expect(JSON.stringify(Properties)).toMatch(/kms:Decrypt.*kms:GenerateDataKey\*/);
  }
});

test('without a key of its own, nothing but the secrets of Kubernetes has a customer managed key', () => {
  const plain = resourcesOf(synthesized(fixtureOf('trial', { kubernetes: 'true' })));
  expect(plain.filter(([, , { Type }]) => Type === 'AWS::KMS::Key').map(([stack]) => stack)).toEqual(['Kubernetes']);
  expect(JSON.stringify(plain)).not.toContain('KmsKeyId');
});
