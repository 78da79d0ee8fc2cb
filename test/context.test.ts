import { checkAccount, environmentOf } from '../lib/context';
import { EnvironmentDefinition } from '../lib/environment-config';
import { DIGEST, fixtures, withServices } from './support/fixture';

const environment = (name: string, context: object = {}) => environmentOf({ environment: name, ...context }, fixtures);

test('takes the first environment by default', () => {
  expect(environmentOf({}, fixtures).id).toBe('trial');
});

test('takes region, zones and CIDR blocks of the environment unless the context gives others', () => {
  const changed: EnvironmentDefinition = {
    ...fixtures.trial,
    region: 'eu-west-1',
    availabilityZones: ['eu-west-1b', 'eu-west-1c'],
    kubernetes: fixtures.trial.kubernetes && { ...fixtures.trial.kubernetes, publicCidrs: ['203.0.113.0/24'] },
  };
  const definitions = { changed };
  expect(environmentOf({}, definitions)).toMatchObject({
    region: 'eu-west-1',
    availabilityZones: ['eu-west-1b', 'eu-west-1c'],
  });
  expect(environmentOf({ region: 'us-east-1' }, definitions).availabilityZones).toEqual(['us-east-1a', 'us-east-1b']);
  expect(environmentOf({ kubernetes: 'true' }, definitions).kubernetes?.publicCidrs).toEqual(['203.0.113.0/24']);
});

test('refuses an unknown environment and lists the known ones', () => {
  expect(() => environment('staging')).toThrow(
    'environment: "staging" is not known. Give one of trial, lasting: -c environment=trial. To deploy to this machine, ' +
      'without an account, use npm start.',
  );
});

test('refuses the name of a property that every object inherits', () => {
  expect(() => environment('constructor')).toThrow(/is not known/);
});

test('takes the zones of a common region from the table of zones [P7]', () => {
  expect(environment('trial', { region: 'ap-northeast-1' })).toMatchObject({
    region: 'ap-northeast-1',
    availabilityZones: ['ap-northeast-1a', 'ap-northeast-1c'],
  });
});

test('the error for a region that is not in the table says how to give its zones [P8]', () => {
  expect(() => environment('trial', { region: 'mx-central-1' })).toThrow(
    /no availability zones are on file for "mx-central-1".*-c zones=mx-central-1a,mx-central-1b/,
  );
});

test.each(['', 'us-east-1(', 'a b', 'us-eastt-1', 'us-east', 'US-EAST-1'])(
  'refuses the region "%s", which is no name of a region, with and without zones',
  (region) => {
    for (const zones of [undefined, 'a,b']) {
      expect(() => environment('trial', { region, zones })).toThrow(
        `region: must be the name of an AWS region, got "${region}". Give a region such as -c region=us-east-1, or correct ` +
          'region in lib/environments.ts',
      );
    }
  },
);

test('refuses a region of another partition, with and without zones', () => {
  for (const zones of [undefined, 'cn-north-1a,cn-north-1b']) {
    expect(() => environment('trial', { region: 'cn-north-1', zones })).toThrow(
      'region: "cn-north-1" is in the partition aws-cn, but must be in aws, because the image is built from the public ' +
        'gallery of aws. Give a region such as -c region=us-east-1',
    );
  }
});

test('takes the zones of any region from the context [P8]', () => {
  const { availabilityZones } = environment('trial', {
    region: 'mx-central-1',
    zones: 'mx-central-1a,mx-central-1c',
  });
  expect(availabilityZones).toEqual(['mx-central-1a', 'mx-central-1c']);
});

test('refuses a zone of another region', () => {
  expect(() => environment('trial', { zones: 'us-east-1a,us-west-2b' })).toThrow(
    /zones: "us-west-2b" is not an availability zone of us-east-1/,
  );
});

test.each(['us-east-1a', 'us-east-1a,us-east-1a'])(
  'refuses the zones %s, because a load balancer needs two',
  (zones) => {
    expect(() => environment('trial', { zones })).toThrow(
      `zones: must be at least 2 different names, got ${zones}. Give names such as -c zones=us-east-1a,us-east-1b`,
    );
  },
);

test('leaves us-east-1e out, because it has no VPC links and no EKS [P8]', () => {
  expect(environment('trial').availabilityZones).not.toContain('us-east-1e');
});

test.each([
  ['fargate', ['fargate']],
  ['ec2', ['ec2']],
  ['both', ['fargate', 'ec2']],
])('runs tasks on the capacity %s of the context', (capacity, kinds) => {
  expect(Object.keys(environment('trial', { capacity }).capacity)).toEqual(kinds);
});

test('gives each kind of capacity its own weight, 1 by default', () => {
  const { fargate, ec2 } = fixtures.trial.capacity;
  const weighted: EnvironmentDefinition = {
    ...fixtures.trial,
    capacity: { use: 'both', fargate: { ...fargate, weight: 3 }, ec2: { ...ec2, weight: 7 } },
  };
  expect(environmentOf({}, { weighted }).capacity).toMatchObject({
    fargate: { weight: 3 },
    ec2: { weight: 7 },
  });
  expect(environment('trial', { capacity: 'both' }).capacity).toMatchObject({
    fargate: { weight: 1 },
    ec2: { weight: 1 },
  });
});

test('runs tasks on Fargate by default, and refuses an unknown capacity', () => {
  expect(environment('lasting').capacity).toEqual({ fargate: {} });
  expect(() => environment('trial', { capacity: 'ecs' })).toThrow(
    'capacity: "ecs" is not known. Give one of fargate, ec2, both: -c capacity=ec2',
  );
});

describe('Kubernetes', () => {
  const arn = 'arn:aws:iam::111122223333:role/Admin';

  test('is on if the environment enables it, and the configuration has no property enabled', () => {
    expect(environment('trial').kubernetes).toBeUndefined();
    expect(environment('lasting').kubernetes).toBeDefined();
    expect(environment('lasting').kubernetes).not.toHaveProperty('enabled');
  });

  test('cannot be switched on if the environment describes no cluster', () => {
    const definitions = { bare: { ...fixtures.trial, kubernetes: undefined } };
    expect(environmentOf({}, definitions).kubernetes).toBeUndefined();
    expect(() => environmentOf({ kubernetes: 'true' }, definitions)).toThrow(
      'kubernetes: the environment describes no cluster.',
    );
  });

  test('takes from the context whether it is on, its administrator and its CIDR blocks', () => {
    const context = { kubernetes: 'true', kubernetesAdmin: arn, kubernetesCidrs: '203.0.113.7/32,198.51.100.0/24' };
    expect(environment('trial', context).kubernetes).toMatchObject({
      adminRoleArn: arn,
      publicCidrs: ['203.0.113.7/32', '198.51.100.0/24'],
    });
    expect(environment('trial', { kubernetes: 'true' }).kubernetes?.publicCidrs).toBeUndefined();
    // Context in cdk.json may have other types than that of the command line.
    const typedContext = JSON.parse('{ "kubernetes": true, "kubernetesCidrs": ["203.0.113.7/32"] }');
    expect(environment('trial', typedContext).kubernetes?.publicCidrs).toEqual(['203.0.113.7/32']);
    expect(environment('lasting', { kubernetes: 'false' }).kubernetes).toBeUndefined();
  });

  test('refuses a value other than true and false, an invalid administrator, the whole internet, and an administrator without a cluster', () => {
    expect(() => environment('trial', { kubernetes: 'yes' })).toThrow(
      'kubernetes: must be true or false, got "yes". Give -c kubernetes=true',
    );
    expect(() => environment('lasting', { kubernetesAdmin: 'me' })).toThrow(
      'kubernetesAdmin: must be the ARN of an IAM role, got "me". Give an ARN such as -c kubernetesAdmin=arn:aws:iam::1111',
    );
    expect(() => environment('trial', { kubernetes: 'true', kubernetesCidrs: '203.0.113.7/32,::/0' })).toThrow(
      'kubernetesCidrs: must not admit the whole internet, got "::/0". Give the networks of your administrators, such as -c',
    );
    expect(() => environment('trial', { kubernetesAdmin: arn })).toThrow(
      'kubernetesAdmin: has no effect without a cluster. Leave kubernetesAdmin out, or give -c kubernetes=true',
    );
  });
});

describe('context', () => {
  test('refuses a mistyped key, because it would deploy another environment', () => {
    expect(() => environmentOf({ enviroment: 'lasting' }, fixtures)).toThrow(
      'context: "enviroment" is not known. Give -c with one of environment, region, zones, imageDigest, capacity, kubernetes',
    );
  });

  test('ignores the keys of the CDK and of its CLI', () => {
    const foreignKeys = {
      'aws:cdk:version-reporting': true,
      '@aws-cdk/core:checkSecretUsage': true,
      'cli-telemetry': false,
    };
    expect(() => environment('lasting', { ...foreignKeys, region: 'us-east-1' })).not.toThrow();
  });

  test('takes a digest for an environment without one, and refuses a digest that would not be deployed', () => {
    expect(environment('lasting', { imageDigest: DIGEST }).services[0]?.image).toEqual({
      from: 'digest',
      digest: DIGEST,
    });
    expect(() => environment('trial', { imageDigest: DIGEST })).toThrow(
      /^imageDigest: environment trial takes no digest for the image of the history service from the context\. Leave imageDigest out/,
    );
  });

  test('takes the digest of a promoted environment, and names the way back to another digest', () => {
    const definitions = { fixed: withServices(fixtures.lasting, { image: { from: 'digest', digest: DIGEST } }) };
    expect(environmentOf({ imageDigest: DIGEST }, definitions).services[0]?.image).toMatchObject({ digest: DIGEST });
    const earlier = `sha256:${'1'.repeat(64)}`;
    expect(() => environmentOf({ imageDigest: earlier }, definitions)).toThrow(
      `imageDigest: environment fixed has ${DIGEST} for the history service, got ${earlier}. Leave imageDigest out to ` +
        'deploy the first. To deploy the other, write it into lib/environments.ts: ' +
        `npm run promote -- --to fixed --digest ${earlier}`,
    );
    expect(() => environmentOf({ imageDigest: earlier, region: 'eu-west-1' }, definitions)).toThrow(
      `npm run promote -- --to fixed --region eu-west-1 --digest ${earlier}`,
    );
  });
});

describe('account', () => {
  test('refuses 000000000000, because AWS has no such account, unless the environment names it', () => {
    expect(() => checkAccount(environment('trial'), '000000000000')).toThrow(
      'account: environment trial deploys to an account of AWS, but the credentials belong to 000000000000. Choose other',
    );
    const bound = { ...environment('trial'), account: '000000000000' };
    expect(() => checkAccount(bound, '000000000000')).not.toThrow();
    expect(() => checkAccount(bound, '123456789012')).toThrow(
      /deploys to 000000000000, but the credentials belong to 1234/,
    );
  });

  test('refuses another account than the account of the environment', () => {
    const bound = { ...environment('trial'), account: '111122223333' };
    expect(() => checkAccount(bound, '123456789012')).toThrow(/deploys to 111122223333/);
    expect(() => checkAccount(bound, '111122223333')).not.toThrow();
  });

  test('accepts a synthesis without credentials, and any real account for an environment without an account', () => {
    expect(() => checkAccount(environment('trial'), undefined)).not.toThrow();
    expect(() => checkAccount(environment('trial'), '123456789012')).not.toThrow();
  });
});
