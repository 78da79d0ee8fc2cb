import { EnvironmentConfig } from '../../../lib/environment-config';
import { fixtureOf, withEgress } from '../../../test/support/fixture';
import { synthesized } from '../../../test/support/stage';
import type { Deployed } from '../../preflight/deployed';
import { promoted, promotedImages } from '../../preflight/images';
import { fixedNames, names, retained, UNIQUE_NAMES } from '../../preflight/names';
import { ofType, type Plan } from '../../preflight/plan';
import { fargateVcpus, QUOTAS, quotaRoom } from '../../preflight/quotas';

const NOTHING: Deployed = { stacks: [], resources: [] };

function planned(config: EnvironmentConfig): Plan {
  const templates = Object.entries(synthesized(config)).map(([stack, template]) => [
    `Kumiki-${config.id}-${stack}`,
    template.toJSON(),
  ]);
  return { templates: Object.fromEntries(templates), bootstrap: { version: 6, parameter: '' } };
}

const trial = fixtureOf('trial');
const withCluster = fixtureOf('trial', { kubernetes: 'true' });
const lasting = fixtureOf('lasting');

// A busy machine takes seconds for a synthesis, for which no test should have to wait.
beforeAll(() => {
  for (const config of [trial, withCluster, lasting]) planned(config);
}, 60_000);

describe('quotas', () => {
  const quotaOf = (code: string) => {
    const quota = QUOTAS.find((each) => each.code === code);
    if (quota === undefined) throw new Error(`no quota ${code}`);
    return quota;
  };
  const needs = (config: EnvironmentConfig) =>
    Object.fromEntries(QUOTAS.map(({ what, needed }) => [what.en, needed(config, planned(config))]));

  test('are needed as the templates and the configuration say', () => {
    expect(needs(trial)).toEqual({
      'Elastic IP addresses': 1,
      'NAT gateways of a zone': 1,
      VPCs: 1,
      'Load balancers': 1,
      'VPC links V2': 2,
      'EKS clusters': 0,
      // 8 tasks of 0.25 vCPU during a deployment: the first and a quarter of the other 7 on demand, each rounded up.
      'Fargate vCPUs': 0.75,
      'Fargate Spot vCPUs': 1.5,
      'CodeBuild, ARM/Small': 1,
    });
    expect(needs(lasting)).toMatchObject({
      'Elastic IP addresses': 2,
      'NAT gateways of a zone': 1,
      'EKS clusters': 1,
      'Fargate vCPUs': 20,
      'Fargate Spot vCPUs': 0,
      'CodeBuild, ARM/Small': 0,
    });
  });

  test('of Fargate are not needed on EC2, nor those of a VPC that exists', () => {
    expect(fargateVcpus(fixtureOf('trial', { capacity: 'ec2' }))).toEqual({ onDemand: 0, spot: 0 });
    const egress = { ...trial, network: withEgress({ mode: 'nat-instance' }) };
    expect(needs(egress)['NAT gateways of a zone']).toBe(0);
  });

  test('count what others use, and warn with the value to request', () => {
    const addresses = quotaOf('L-0263D0A3');
    expect(quotaRoom('us-east-1', addresses, 2, 5, 3)).toMatchObject({ verdict: 'pass', needed: 2 });
    expect(quotaRoom('us-east-1', addresses, 2, 5, 4)).toMatchObject({
      verdict: 'warning',
      there: { en: '5, of which others use 4' },
      todo: {
        en: expect.stringMatching(
          /Service Quotas does not always show: aws .* --service-code ec2 --quota-code L-0263D0A3 --desired-value 6$/,
        ),
      },
    });
  });

  test('that nobody counts say that they are shared, and are requested in whole numbers', () => {
    expect(quotaRoom('us-east-1', quotaOf('L-3032A538'), 6, 6)).toMatchObject({
      verdict: 'pass',
      there: { en: '6, shared with others' },
    });
    expect(quotaRoom('us-east-1', quotaOf('L-3032A538'), 6.25, 6).todo?.en).toMatch(/--desired-value 7$/);
  });

  test('have a code of Service Quotas each', () => {
    const codes = QUOTAS.map(({ service, code }) => `${service} ${code}`);
    expect(new Set(codes).size).toBe(QUOTAS.length);
    for (const code of codes) expect(code).toMatch(/^[a-z0-9]+ L-[0-9A-F]{8}$/);
  });
});

describe('names', () => {
  test('that the templates write out are those of the cluster only', () => {
    expect(fixedNames(planned(trial))).toEqual([]);
    expect(
      fixedNames(planned(withCluster))
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['/aws/eks/kumiki-trial/cluster', 'kumiki-trial']);
    const all = fixedNames(planned(lasting)).map(({ name }) => name);
    expect(all.filter((name) => name.startsWith('/aws/containerinsights/kumiki-lasting/')).length).toBeGreaterThan(2);
  });

  test('of other types are all made by CloudFormation, so no other type has to be asked', () => {
    const types = ['AWS::ECR::Repository', 'AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::IAM::Role'];
    const properties = /^(RepositoryName|TableName|BucketName|RoleName|QueueName|FunctionName)$/;
    for (const type of [...types, 'AWS::Lambda::Function', 'AWS::ECS::Cluster', 'AWS::CodeBuild::Project']) {
      expect(Object.keys(UNIQUE_NAMES)).not.toContain(type);
      for (const { Properties = {} } of [...ofType(planned(withCluster), type), ...ofType(planned(lasting), type)]) {
        const given = Object.entries(Properties).filter(
          ([key, value]) => properties.test(key) && typeof value === 'string',
        );
        expect([type, given]).toEqual([type, []]);
      }
    }
  });

  test('that are in use block, with the command that frees them', () => {
    const plan = planned(withCluster);
    expect(names(withCluster, plan, [])).toMatchObject([{ verdict: 'pass' }]);
    expect(names(withCluster, plan, fixedNames(plan))).toMatchObject([
      { verdict: 'problem', needed: expect.any(String) },
      { verdict: 'problem', needed: expect.any(String) },
    ]);
    const commands = names(withCluster, plan, fixedNames(plan)).map(({ todo }) => todo?.en);
    expect(commands.join('\n')).toContain(
      'aws logs delete-log-group --region us-east-1 --log-group-name /aws/eks/kumiki-trial/cluster',
    );
  });
});

test('resources of an environment without stacks are left over, and are counted by service', () => {
  expect(retained([]).verdict).toBe('pass');
  const arns = ['arn:aws:ecr:us-east-1:111122223333:repository/a', 'arn:aws:logs:us-east-1:111122223333:log-group:b'];
  expect(retained(arns)).toMatchObject({
    verdict: 'warning',
    there: { en: 'no stack, but resources with the tag of this environment: 2 (ecr, logs)' },
  });
});

describe('an image by digest', () => {
  const plan = planned(lasting);
  const stack = 'Kumiki-lasting-Registry';
  const [logicalId = ''] = Object.entries(plan.templates[stack]?.Resources ?? {}).flatMap(([id, { Type }]) =>
    Type === 'AWS::ECR::Repository' ? [id] : [],
  );
  const repository = { stack, logicalId, physicalId: 'kumiki-lasting-images', type: 'AWS::ECR::Repository' };
  const [image] = promotedImages(lasting, plan, { stacks: [], resources: [repository] });
  if (image === undefined) throw new Error('an image');

  test('is looked up in the repository of its service', () => {
    expect(image).toMatchObject({ service: 'history', repository: 'kumiki-lasting-images' });
    expect(promotedImages(lasting, plan, NOTHING)[0]?.repository).toBeUndefined();
    expect(promotedImages(trial, planned(trial), NOTHING)).toEqual([]);
  });

  test('blocks without a repository, and without the image', () => {
    const [unknown = image] = promotedImages(lasting, plan, NOTHING);
    expect(promoted(lasting, unknown)).toMatchObject({
      verdict: 'problem',
      todo: {
        en: expect.stringMatching(
          /npx cdk deploy lasting\/Registry -c environment=lasting -c region=us-east-1 -c imageDigest=sha256:[0-9a-f]{64}$/,
        ),
      },
    });
    expect(promoted(lasting, image, { exists: false })).toMatchObject({ verdict: 'problem' });
  });

  test('passes with a scan that found nothing serious', () => {
    expect(promoted(lasting, image, { exists: true, scan: 'COMPLETE', findings: { LOW: 3 } })).toMatchObject({
      verdict: 'pass',
      there: { en: 'kumiki-lasting-images has it, findings: LOW 3' },
    });
    expect(promoted(lasting, image, { exists: true, scan: 'ACTIVE' }).verdict).toBe('pass');
  });

  test.each([
    [{ exists: true }, 'scan: none'],
    [{ exists: true, scan: 'IN_PROGRESS' }, 'scan: IN_PROGRESS'],
    [{ exists: true, scan: 'FAILED' }, 'scan: FAILED'],
    [{ exists: true, scan: 'COMPLETE', findings: { HIGH: 1, LOW: 2 } }, 'findings: HIGH 1, LOW 2'],
    [{ exists: true, scan: 'COMPLETE', findings: { CRITICAL: 1 } }, 'findings: CRITICAL 1'],
  ])('warns of %j', (found, says) => {
    const outcome = promoted(lasting, image, found);
    expect(outcome).toMatchObject({ verdict: 'warning', there: { en: expect.stringContaining(says) } });
    expect(outcome.todo).toBeDefined();
  });
});
