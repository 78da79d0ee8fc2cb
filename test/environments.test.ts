import { readFileSync } from 'node:fs';
import { checkAccount, checkContext, environment, environmentNames } from '../lib/environments';

const endpointUrl = 'http://127.0.0.1:4566';

test('knows sandbox, production and local', () => {
  expect(environmentNames).toEqual(['sandbox', 'production', 'local']);
});

test('refuses an unknown environment and lists the known', () => {
  expect(() => environment('staging')).toThrow(
    'environment: "staging" is not known. Give one of sandbox, production, local: -c environment=sandbox',
  );
});

test('is not fooled by names that every object has', () => {
  expect(() => environment('constructor')).toThrow(/is not known/);
});

test('takes the zones of a common region from its table [P7]', () => {
  expect(environment('sandbox', { region: 'ap-northeast-1' })).toMatchObject({
    region: 'ap-northeast-1',
    availabilityZones: ['ap-northeast-1a', 'ap-northeast-1c'],
  });
});

test('says what to give for a region that is not in the table [P8]', () => {
  expect(() => environment('sandbox', { region: 'mx-central-1' })).toThrow(
    /no availability zones are on file for "mx-central-1".*-c zones=mx-central-1a,mx-central-1b/,
  );
});

test('refuses a region of another partition, with zones or without', () => {
  for (const zones of [undefined, 'cn-north-1a,cn-north-1b']) {
    expect(() => environment('sandbox', { region: 'cn-north-1', zones })).toThrow(
      'region: "cn-north-1" is in the partition aws-cn, but only aws is served: the image is built from its public ' +
        'gallery. Give a region of aws, as in -c region=us-east-1',
    );
  }
});

test('takes zones from outside, for any region [P8]', () => {
  const { availabilityZones } = environment('sandbox', {
    region: 'mx-central-1',
    zones: 'mx-central-1a,mx-central-1c',
  });
  expect(availabilityZones).toEqual(['mx-central-1a', 'mx-central-1c']);
});

test('refuses a zone of another region', () => {
  expect(() => environment('sandbox', { zones: 'us-east-1a,us-west-2b' })).toThrow(
    /zones: "us-west-2b" is not an availability zone of us-east-1/,
  );
});

test('refuses to be local without an endpoint, so that it never reaches a real account', () => {
  for (const unset of [undefined, '']) {
    expect(() => environment('local', { endpointUrl: unset })).toThrow(/AWS_ENDPOINT_URL is not set. Run `npm start`/);
  }
  expect(environment('local', { endpointUrl })).toMatchObject({
    account: '000000000000',
    endpoint: { url: endpointUrl },
  });
});

test('leaves us-east-1e out, which VPC links and EKS do not serve [P8]', () => {
  expect(environment('sandbox').availabilityZones).not.toContain('us-east-1e');
});

test.each([
  ['fargate', ['fargate']],
  ['ec2', ['ec2']],
  ['both', ['fargate', 'ec2']],
])('runs tasks on the capacity given from outside: %s', (capacity, kinds) => {
  expect(Object.keys(environment('sandbox', { capacity }).service.capacity)).toEqual(kinds);
});

test('runs tasks on Fargate unless told otherwise, and refuses capacity that it does not know', () => {
  expect(environment('production').service.capacity).toEqual({ fargate: {} });
  expect(() => environment('sandbox', { capacity: 'ecs' })).toThrow(
    'capacity: "ecs" is not known. Give one of fargate, ec2, both: -c capacity=ec2',
  );
});

describe('Kubernetes', () => {
  const arn = 'arn:aws:iam::111122223333:role/Admin';

  test('is off in the sandbox, which it would make several times as dear, and on elsewhere', () => {
    expect(environment('sandbox').kubernetes).toBeUndefined();
    expect(environment('production').kubernetes).toBeDefined();
    expect(environment('local', { endpointUrl }).kubernetes).toBeDefined();
  });

  test('is switched from outside, with who administrates it and from where', () => {
    const given = { kubernetes: 'true', kubernetesAdmin: arn, kubernetesCidrs: '203.0.113.7/32,198.51.100.0/24' };
    expect(environment('sandbox', given).kubernetes).toMatchObject({
      adminRoleArn: arn,
      publicCidrs: ['203.0.113.7/32', '198.51.100.0/24'],
    });
    expect(environment('sandbox', { kubernetes: 'true' }).kubernetes?.publicCidrs).toBeUndefined();
    // As cdk.json may have them.
    const context = JSON.parse('{ "kubernetes": true, "kubernetesCidrs": ["203.0.113.7/32"] }');
    expect(environment('sandbox', context).kubernetes?.publicCidrs).toEqual(['203.0.113.7/32']);
    expect(environment('production', { kubernetes: 'false' }).kubernetes).toBeUndefined();
  });

  test('refuses what is neither true nor false, and an administrator of nothing', () => {
    expect(() => environment('sandbox', { kubernetes: 'yes' })).toThrow(
      'kubernetes: must be true or false, got "yes". Give -c kubernetes=true',
    );
    expect(() => environment('production', { kubernetesAdmin: 'me' })).toThrow(
      'kubernetesAdmin: must be the ARN of an IAM role, got "me". Give it as in -c kubernetesAdmin=arn:aws:iam::1111',
    );
    expect(() => environment('sandbox', { kubernetesAdmin: arn })).toThrow(
      'kubernetesAdmin: there is no cluster that it could apply to. Leave it out, or give -c kubernetes=true',
    );
  });
});

describe('context', () => {
  const production = environment('production', { imageDigest: 'sha256:0' });

  test('refuses a mistyped key, which would deploy another environment', () => {
    expect(() => checkContext({ enviroment: 'production' }, environment('sandbox'))).toThrow(
      'context: "enviroment" is not known. Give -c with one of environment, region, zones, imageDigest, capacity, kubernetes',
    );
  });

  test('leaves alone what the CDK and its CLI keep there', () => {
    const theirs = {
      'aws:cdk:version-reporting': true,
      '@aws-cdk/core:checkSecretUsage': true,
      'cli-telemetry': false,
    };
    expect(() => checkContext({ ...theirs, environment: 'sandbox', region: 'us-east-1' }, production)).not.toThrow();
  });

  test('refuses a digest that the environment does not deploy', () => {
    expect(() => checkContext({ imageDigest: 'sha256:0' }, environment('sandbox'))).toThrow(
      /^imageDigest: environment sandbox deploys no image by a digest from outside\. Leave it out/,
    );
    expect(() => checkContext({ imageDigest: 'sha256:0' }, production)).not.toThrow();
  });
});

describe('account', () => {
  test('refuses to deploy the sandbox to the account of a local endpoint', () => {
    expect(() => checkAccount(environment('sandbox'), '000000000000')).toThrow(
      /environment sandbox deploys to a real account, but the credentials are of 000000000000. Unset AWS_ENDPOINT_URL/,
    );
  });

  test('refuses to deploy the local environment to a real account', () => {
    expect(() => checkAccount(environment('local', { endpointUrl }), '123456789012')).toThrow(
      /environment local deploys to 000000000000, but the credentials are of 123456789012/,
    );
  });

  test('refuses another account than the one an environment is bound to', () => {
    const bound = { ...environment('sandbox'), account: '111122223333' };
    expect(() => checkAccount(bound, '123456789012')).toThrow(/deploys to 111122223333/);
    expect(() => checkAccount(bound, '111122223333')).not.toThrow();
  });

  test('lets a synth pass that has no credentials, and any real account where none is named', () => {
    expect(() => checkAccount(environment('sandbox'), undefined)).not.toThrow();
    expect(() => checkAccount(environment('sandbox'), '123456789012')).not.toThrow();
  });
});

test('production holds its provisioned concurrency for as many hours of the week as the decision says', () => {
  const { schedules = [], min } = environment('production', { imageDigest: `sha256:${'0'.repeat(64)}` }).function
    .provisionedConcurrency ?? { min: 0 };
  const days = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
  const changes = schedules.flatMap(({ cron, min: from }) => {
    const [, minute, hour, first = '', last = ''] = /^cron\((\d+) (\d+) \? \* (\w+)-(\w+) \*\)$/.exec(cron) ?? [];
    return days
      .slice(days.indexOf(first), days.indexOf(last) + 1)
      .map((day) => ({ at: days.indexOf(day) * 24 + Number(hour) + Number(minute) / 60, from }));
  });
  const inOrder = changes.toSorted((a, b) => a.at - b.at);
  const hours = inOrder.map(({ at, from }, index) => {
    const next = inOrder[index + 1]?.at ?? (inOrder[0]?.at ?? 0) + 168;
    return from > min ? next - at : 0;
  });
  const held = hours.reduce((sum, each) => sum + each, 0);
  expect(readFileSync('docs/decisions/0011-provisioned-concurrency-on-an-alias.md', 'utf8')).toContain(
    `${held} of the 168 hours of a week`,
  );
});
