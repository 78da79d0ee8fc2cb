import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Environments } from '../../../lib/context';
import { environments } from '../../../lib/environments';
import { main } from '../../promote/promote';
import { type Flags, promote, targetsOf } from '../../promote/services';
import { type Answer, type Answers, json, jsonError, queryError, RecordedAccount, xml } from '../kit/recorded-account';
import { type Person, recordedTerminal } from '../kit/recorded-terminal';

const account = new RecordedAccount();
let url = '';
beforeAll(async () => {
  url = await account.open();
});
afterAll(() => account.close());

const ACCOUNT = '111122223333';
const REGISTRY = `${ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com`;
const SOURCE = 'kumiki-sandbox-registry-images-abc';
const TARGET = 'kumiki-production-registry-images-def';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const INDEX = 'application/vnd.oci.image.index.v1+json';
const sha = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const LAYERS = ['{"architecture":"arm64"}', 'first layer', 'second layer'];
const [CONFIG = '', ...REST] = LAYERS;
const image = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST,
  config: { digest: sha(CONFIG), size: CONFIG.length },
  layers: REST.map((layer) => ({ digest: sha(layer), size: layer.length })),
});
const IMAGE = sha(image);
const attestation = JSON.stringify({
  schemaVersion: 2,
  mediaType: MANIFEST,
  config: { digest: sha(CONFIG) },
  layers: [],
});
const index = JSON.stringify({
  schemaVersion: 2,
  mediaType: INDEX,
  manifests: [
    { digest: IMAGE, platform: { architecture: 'arm64', os: 'linux' } },
    { digest: sha(attestation), platform: { architecture: 'unknown', os: 'unknown' } },
  ],
});

/** Two repositories of one account: digests of images and layers that each holds. */
class Registry {
  readonly manifests: Record<string, Map<string, string>> = { [SOURCE]: new Map(), [TARGET]: new Map() };
  readonly layers: Record<string, Map<string, string>> = { [SOURCE]: new Map(), [TARGET]: new Map() };
  readonly tags = new Map<string, string>();
  private readonly uploads = new Map<string, string>();

  constructor(...manifests: string[]) {
    for (const manifest of manifests) this.manifests[SOURCE]?.set(sha(manifest), manifest);
    for (const layer of LAYERS) this.layers[SOURCE]?.set(sha(layer), layer);
  }

  answers(): Answers {
    const held = (kind: 'manifests' | 'layers', name: unknown) => this[kind][String(name)] ?? new Map<string, string>();
    return {
      'ecr DescribeImages': ({ body }) => {
        const [{ imageDigest = '', imageTag = '' } = {}] = body['imageIds'] as {
          imageDigest?: string;
          imageTag?: string;
        }[];
        const digest = imageTag === '' ? imageDigest : (this.tags.get(imageTag) ?? '');
        if (!held('manifests', body['repositoryName']).has(digest)) return jsonError('ImageNotFoundException');
        return json({ imageDetails: [{ imageDigest: digest }] });
      },
      'ecr BatchGetImage': ({ body }) => {
        const [{ imageDigest = '' } = {}] = body['imageIds'] as { imageDigest?: string }[];
        const imageManifest = held('manifests', body['repositoryName']).get(imageDigest);
        if (imageManifest === undefined) {
          return json({ images: [], failures: [{ imageId: { imageDigest }, failureCode: 'ImageNotFound' }] });
        }
        const imageManifestMediaType = JSON.parse(imageManifest).mediaType;
        return json({ images: [{ imageId: { imageDigest }, imageManifest, imageManifestMediaType }], failures: [] });
      },
      'ecr BatchCheckLayerAvailability': ({ body }) => {
        const [layerDigest = ''] = body['layerDigests'] as string[];
        const has = held('layers', body['repositoryName']).has(layerDigest);
        return json({ layers: [{ layerDigest, layerAvailability: has ? 'AVAILABLE' : 'UNAVAILABLE' }], failures: [] });
      },
      'ecr GetDownloadUrlForLayer': ({ body }) => json({ downloadUrl: `${url}/layer/${body['layerDigest']}` }),
      'undefined GET /layer/': ({ name }): Answer => [
        200,
        held('layers', SOURCE).get(name.split('/').at(-1) ?? '') ?? '',
      ],
      'ecr InitiateLayerUpload': () => {
        const uploadId = `u${this.uploads.size}`;
        this.uploads.set(uploadId, '');
        return json({ uploadId, partSize: 5 });
      },
      'ecr UploadLayerPart': ({ body }) => {
        const uploadId = String(body['uploadId']);
        const before = this.uploads.get(uploadId) ?? '';
        if (before.length !== body['partFirstByte']) return jsonError('InvalidLayerPartException');
        this.uploads.set(uploadId, before + Buffer.from(String(body['layerPartBlob']), 'base64').toString());
        return json({ uploadId, lastByteReceived: body['partLastByte'] });
      },
      'ecr CompleteLayerUpload': ({ body }) => {
        const content = this.uploads.get(String(body['uploadId'])) ?? '';
        const [digest = ''] = body['layerDigests'] as string[];
        if (sha(content) !== digest) return jsonError('InvalidLayerException');
        held('layers', body['repositoryName']).set(digest, content);
        return json({ layerDigest: digest });
      },
      'ecr PutImage': ({ body }) => {
        const manifest = String(body['imageManifest']);
        const { config, layers = [], manifests = [] } = JSON.parse(manifest);
        const target = body['repositoryName'];
        const needed = [...layers, ...(config ? [config] : [])].map(({ digest }: { digest: string }) => digest);
        if (!needed.every((digest) => held('layers', target).has(digest))) return jsonError('LayersNotFoundException');
        const images = manifests.map(({ digest }: { digest: string }) => digest);
        if (!images.every((digest: string) => held('manifests', target).has(digest))) {
          return jsonError('ReferencedImagesNotFoundException');
        }
        held('manifests', target).set(sha(manifest), manifest);
        if (body['imageTag'] !== undefined) this.tags.set(String(body['imageTag']), sha(manifest));
        return json({ image: { imageId: { imageDigest: sha(manifest), imageTag: body['imageTag'] } } });
      },
      'ecr DescribeImageScanFindings': ({ body }) => {
        const { imageDigest } = body['imageId'] as { imageDigest: string };
        if (imageDigest !== IMAGE) return jsonError('ScanNotFoundException');
        return scan('COMPLETE', { LOW: 2 });
      },
    };
  }
}

const scan = (status: string, findingSeverityCounts: Record<string, number> = {}) =>
  json({ imageScanStatus: { status }, imageScanFindings: { findings: [], findingSeverityCounts } });
const task = (imageDigest: string, name = SOURCE, lastStatus = 'RUNNING') => ({
  lastStatus,
  containers: [{ name: 'Service', image: `${REGISTRY}/${name}:abc`, imageDigest }],
});
const stack = (name: string, outputs: Record<string, string>) =>
  xml(
    'DescribeStacks',
    `<Stacks><member><StackName>${name}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-11-01T00:00:00Z</CreationTime><Outputs>${Object.entries(
      outputs,
    )
      .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
      .join('')}</Outputs></member></Stacks>`,
  );

function deployed(registry: Registry, ...tasks: ReturnType<typeof task>[]): Answers {
  return {
    ...registry.answers(),
    'sts GetCallerIdentity': xml('GetCallerIdentity', `<Account>${ACCOUNT}</Account>`),
    'cloudformation DescribeStacks': ({ body }) => {
      const name = String(body['StackName']);
      if (name === 'Kumiki-sandbox-Containers') return stack(name, { ImageUri: `${REGISTRY}/${SOURCE}:abc` });
      if (name === 'Kumiki-production-Registry') return stack(name, { RepositoryName: TARGET });
      return queryError(400, 'ValidationError', `Stack with id ${name} does not exist`);
    },
    'cloudformation ListStackResources': xml(
      'ListStackResources',
      '<StackResourceSummaries><member><LogicalResourceId>C</LogicalResourceId><PhysicalResourceId>cluster</PhysicalResourceId>' +
        '<ResourceType>AWS::ECS::Cluster</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus></member></StackResourceSummaries>',
    ),
    'ecs ListTasks': json({
      taskArns: tasks.map((_, number) => `arn:aws:ecs:us-east-1:${ACCOUNT}:task/cluster/${number}`),
    }),
    'ecs DescribeTasks': json({ tasks, failures: [] }),
  };
}

async function run(
  answers: Answers,
  flags: Flags = { from: 'sandbox', to: 'production' },
  known: Environments = environments,
) {
  account.answers = answers;
  account.asked.length = 0;
  const { terminal, lines: said } = recordedTerminal();
  const promoted = await promote(targetsOf(flags, known), terminal);
  return { promoted, said };
}

test('copies the image that runs, with its digest, and not the newest in the repository', async () => {
  const newest = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, config: { digest: sha(CONFIG) }, layers: [] });
  const registry = new Registry(image, newest);
  const { promoted, said } = await run(deployed(registry, task(IMAGE), task(IMAGE)));
  expect(promoted).toEqual([{ service: 'history', digest: IMAGE }]);
  expect([...(registry.manifests[TARGET] ?? [])]).toEqual([[IMAGE, image]]);
  expect([...(registry.layers[TARGET]?.values() ?? [])].toSorted()).toEqual([...LAYERS].toSorted());
  expect([...registry.tags]).toEqual([[`promoted-${IMAGE.slice(7, 19)}`, IMAGE]]);
  expect(said[0]).toBe(`history runs ${IMAGE} in sandbox (running tasks: 2).`);
  expect(said.at(-1)).toContain('3 of 3 layers copied');
});

test('copies an index with all its images, and promotes the digest of the index', async () => {
  const registry = new Registry(image, attestation, index);
  registry.tags.set('abc', sha(index));
  const { promoted } = await run(deployed(registry, task(IMAGE)));
  expect(promoted).toEqual([{ service: 'history', digest: sha(index) }]);
  expect([...(registry.manifests[TARGET]?.keys() ?? [])].toSorted()).toEqual(
    [IMAGE, sha(attestation), sha(index)].toSorted(),
  );
});

test('goes on where an interrupted copy ended, and copies nothing twice', async () => {
  const registry = new Registry(image);
  registry.layers[TARGET]?.set(sha('first layer'), 'first layer');
  const { said } = await run(deployed(registry, task(IMAGE)));
  expect(said.at(-1)).toContain('2 of 3 layers copied');
  const again = await run(deployed(registry, task(IMAGE)));
  expect(again.said.at(-1)).toBe(`${TARGET} holds ${IMAGE}.`);
  expect(account.names()).not.toContain('ecr PutImage');
});

test('reads the tasks of the service only, and waits for one image', async () => {
  const registry = new Registry(image);
  const other = sha('another service');
  await run(
    deployed(registry, task(IMAGE), task(other, 'kumiki-sandbox-registry-reports'), task(other, SOURCE, 'STOPPED')),
  );
  await expect(run(deployed(registry, task(IMAGE), task(other)))).rejects.toThrow(
    `The tasks of history in sandbox run 2 images: ${IMAGE}, ${other}. Wait until the deployment has ended`,
  );
  await expect(run(deployed(registry))).rejects.toThrow('No task of the service history runs in sandbox. Start it');
});

test.each([
  ['COMPLETE', { HIGH: 1, LOW: 4 }, 'has findings of severity CRITICAL or HIGH: 1 HIGH, 4 LOW'],
  ['ACTIVE', { CRITICAL: 2 }, 'has findings of severity CRITICAL or HIGH: 2 CRITICAL'],
  ['IN_PROGRESS', {}, 'has no finished scan (IN_PROGRESS)'],
  ['FAILED', {}, 'has no finished scan (FAILED)'],
])('refuses an image whose scan is %s with %p, unless that is accepted', async (status, counts, message) => {
  const registry = new Registry(image);
  const answers = { ...deployed(registry, task(IMAGE)), 'ecr DescribeImageScanFindings': scan(status, counts) };
  await expect(run(answers)).rejects.toThrow(message);
  expect(registry.manifests[TARGET]?.size).toBe(0);
  await run(answers, { from: 'sandbox', to: 'production', 'accept-findings': true });
  expect(registry.manifests[TARGET]?.size).toBe(1);
});

test('refuses an image without a scan', async () => {
  const answers = {
    ...deployed(new Registry(image), task(IMAGE)),
    'ecr DescribeImageScanFindings': jsonError('ScanNotFoundException'),
  };
  await expect(run(answers)).rejects.toThrow('no finished scan (none)');
});

test('refuses a layer and a manifest with another content than the digest names', async () => {
  const registry = new Registry(image);
  const answers = deployed(registry, task(IMAGE));
  await expect(run({ ...answers, 'undefined GET /layer/': [200, 'changed'] })).rejects.toThrow('has another content');
  await expect(run({ ...answers, 'undefined GET /layer/': [403, ''] })).rejects.toThrow(
    'could not be downloaded (HTTP 403)',
  );
  const changed = json({ images: [{ imageManifest: `${image} `, imageManifestMediaType: MANIFEST }] });
  await expect(run({ ...answers, 'ecr BatchGetImage': changed })).rejects.toThrow('has another content');
  expect(registry.manifests[TARGET]?.size).toBe(0);
});

test('goes back to an image that the repository holds, also one with findings', async () => {
  const registry = new Registry();
  registry.manifests[TARGET]?.set(IMAGE, image);
  const answers = { ...deployed(registry), 'ecr DescribeImageScanFindings': scan('COMPLETE', { HIGH: 1 }) };
  const { promoted, said } = await run(answers, { to: 'production', digest: IMAGE });
  expect(promoted).toEqual([{ service: 'history', digest: IMAGE }]);
  expect(said.at(-1)).toBe('Scan of history: 1 HIGH.');
  expect(account.names().filter((name) => /Put|Upload/.test(name))).toEqual([]);
});

test('refuses to go back to a digest that the repository does not hold', async () => {
  await expect(run(deployed(new Registry(image)), { to: 'production', digest: IMAGE })).rejects.toThrow(
    `${TARGET} does not hold ${IMAGE}. Give a digest that it holds: aws ecr describe-images --repository-name ${TARGET}`,
  );
});

test('says what to do where the environment belongs to another account', async () => {
  const known = { ...environments, production: { ...environments.production, account: '444455556666' } };
  const flags = { from: 'sandbox', to: 'production' };
  await expect(run(deployed(new Registry(image), task(IMAGE)), flags, known)).rejects.toThrow(
    `crane copy ${REGISTRY}/${SOURCE}@${IMAGE} …/REPOSITORY:promoted-${IMAGE.slice(7, 19)}`,
  );
  await expect(run(deployed(new Registry(image)), { to: 'production', digest: IMAGE }, known)).rejects.toThrow(
    'environment production deploys to 444455556666, but the credentials belong to 111122223333',
  );
});

test('fails where a stack is not deployed', async () => {
  const answers = {
    ...deployed(new Registry(image), task(IMAGE)),
    'cloudformation DescribeStacks': queryError(
      400,
      'ValidationError',
      'Stack with id Kumiki-sandbox-Containers does not exist',
    ),
  };
  await expect(run(answers)).rejects.toThrow('Stack with id Kumiki-sandbox-Containers does not exist');
});

test('says how to create the repository before the first deployment', async () => {
  const answers = deployed(new Registry(image), task(IMAGE));
  const without: Answers = {
    'cloudformation DescribeStacks': (question) =>
      question.body['StackName'] === 'Kumiki-production-Registry'
        ? queryError(400, 'ValidationError', 'Stack with id Kumiki-production-Registry does not exist')
        : stack('Kumiki-sandbox-Containers', { ImageUri: `${REGISTRY}/${SOURCE}:abc` }),
  };
  const command = 'Deploy it first: npx cdk deploy production/Registry -c environment=production -c region=us-east-1';
  await expect(run({ ...answers, ...without })).rejects.toThrow(`${command} -c imageDigest=${IMAGE}`);
  // The app refuses another digest than that of the file.
  const { production } = environments;
  if (production === undefined) throw new Error('There must be an environment production.');
  const promoted = production.services.map((each) => ({
    ...each,
    image: { from: 'digest' as const, digest: sha(CONFIG) },
  }));
  const known = { ...environments, production: { ...production, services: promoted } };
  await expect(run({ ...answers, ...without }, undefined, known)).rejects.toThrow(new RegExp(`${command}(?! -c)`));
});

test('an expired session in the middle of a copy leaves layers, and no image', async () => {
  const registry = new Registry(image);
  const answers = { ...deployed(registry, task(IMAGE)), 'ecr PutImage': jsonError('ExpiredTokenException', 'expired') };
  await expect(run(answers)).rejects.toThrow('expired');
  expect(registry.manifests[TARGET]?.size).toBe(0);
});

test.each<[Flags, string]>([
  [{ from: 'sandbox' }, '--to is missing. See the flags: npm run promote -- --help'],
  [{ to: 'production' }, '--from or --digest is missing.'],
  [{ from: 'production', to: 'production' }, '--from and --to name the same environment, production.'],
  [{ from: 'sandbox', to: 'staging' }, '--to: "staging" is not known. Give one of sandbox, production: --to sandbox'],
  [{ to: 'production', digest: 'latest' }, '--digest: must be "sha256:" and 64 hexadecimal digits, got "latest".'],
  [{ from: 'production', to: 'sandbox' }, '--to: environment sandbox runs no image by digest.'],
  [
    { from: 'sandbox', to: 'production', service: 'reports' },
    '--service: environment production runs no image of "reports" by digest.',
  ],
])('%p is refused', (flags, message) => {
  expect(() => targetsOf(flags, environments)).toThrow(message);
});

describe('the permissions of promote', () => {
  /** IAM actions for what was asked. The URL of a layer is signed by ECR. */
  const actions = (about: (body: Readonly<Record<string, unknown>>) => boolean = () => true) =>
    [
      ...new Set(
        account.asked
          .filter(({ name, body }) => !name.startsWith('undefined') && about(body))
          .map(({ name }) => name.replace(' ', ':')),
      ),
    ].toSorted();

  test.each(['docs/images.md', 'docs/images.ja.md'])('are those of %s, for each step', async (page) => {
    const registry = new Registry(image, attestation, index);
    registry.tags.set('abc', sha(index));
    await run(deployed(registry, task(IMAGE)));
    const steps = [
      actions(({ repositoryName }) => repositoryName === undefined),
      actions(({ repositoryName }) => repositoryName === SOURCE),
      actions(({ repositoryName }) => repositoryName === TARGET),
    ];
    await run(deployed(registry), { to: 'production', digest: sha(index) });
    const [, section = ''] =
      /^## (?:Permissions for promote|promote に必要な権限)\n(.*?)^## /ms.exec(readFileSync(page, 'utf8')) ?? [];
    const rows = Array.from(section.matchAll(/^\| [^`|]+ \| (`.*`) \|$/gm), ([, row = '']) =>
      Array.from(row.matchAll(/`([^`]+)`/g), ([, action]) => action).toSorted(),
    );
    expect(rows).toEqual([...steps, actions()]);
  });
});

describe('npm run promote', () => {
  const TEXT = [
    "const sandbox = { region: 'us-east-1', services: [{ name: 'history', image: { from: 'source' } }] };",
    'const production = {',
    "  region: 'us-east-1',",
    '  services: [',
    "    { name: 'history',",
    "      image: { from: 'digest' },",
    '    },',
    '  ],',
    '};',
    'export const environments = { sandbox, production };',
    '',
  ].join('\n');
  const folder = mkdtempSync(join(tmpdir(), 'promote-'));
  const file = join(folder, 'environments.ts');
  beforeEach(() => writeFileSync(file, TEXT));
  const promotedText = TEXT.replace("{ from: 'digest' }", `{ from: 'digest', digest: '${IMAGE}' }`);

  async function command(answers: Answers, flags: readonly string[] = [], person: Person = {}) {
    account.answers = answers;
    account.asked.length = 0;
    const { terminal, lines } = recordedTerminal(person);
    const code = await main(['--from', 'sandbox', '--to', 'production', ...flags], { ...terminal, file }, environments);
    return { code, lines };
  }
  const throttled = jsonError('ThrottlingException', 'Rate exceeded');
  const askedFor = (action: string) => account.asked.filter(({ name }) => name === action).length;

  test('writes the digest into one line of the file, shows the line and the next commands, and ends with 0', async () => {
    const { code, lines } = await command(deployed(new Registry(image), task(IMAGE)), ['--region', 'us-east-1']);
    expect(code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(promotedText);
    expect(readdirSync(folder)).toEqual(['environments.ts']);
    expect(lines.slice(-8)).toEqual([
      'lib/environments.ts, line 6:',
      "- image: { from: 'digest' },",
      `+ image: { from: 'digest', digest: '${IMAGE}' },`,
      '',
      'Nothing is deployed yet. Commit the line, let somebody review it, then deploy:',
      '  git commit -m "Promote history to production" lib/environments.ts',
      '  npx cdk diff -c environment=production -c region=us-east-1',
      '  npx cdk deploy --all -c environment=production -c region=us-east-1',
    ]);
  });

  test('ends with 0 where the file names the digest already, and proposes nothing', async () => {
    writeFileSync(file, promotedText);
    const { code, lines } = await command(deployed(new Registry(image), task(IMAGE)));
    expect([code, lines.at(-1)]).toEqual([0, `lib/environments.ts names ${IMAGE} for history of production already.`]);
    expect(readFileSync(file, 'utf8')).toBe(promotedText);
  });

  test('tries again where AWS throttles, with pauses between the attempts', async () => {
    process.env['AWS_MAX_ATTEMPTS'] = '3';
    let refusals = 2;
    const answers = deployed(new Registry(image), task(IMAGE));
    const put = answers['ecr PutImage'] ?? throttled;
    const { code } = await command({
      ...answers,
      'ecr PutImage': (question) => {
        refusals -= 1;
        return refusals >= 0 || typeof put !== 'function' ? throttled : put(question);
      },
    });
    process.env['AWS_MAX_ATTEMPTS'] = '1';
    expect([code, askedFor('ecr PutImage')]).toEqual([0, 3]);
    expect(readFileSync(file, 'utf8')).toBe(promotedText);
  });

  test.each<[string, Answers, RegExp, RegExp]>([
    [
      'AWS throttles all attempts',
      { 'ecr PutImage': throttled },
      /^Too many requests: .*ECR.* throttles this account \(Rate exceeded\), also after several attempts\./,
      /^リクエストが多すぎます。/,
    ],
    [
      'the session expires in the middle',
      { 'ecr UploadLayerPart': jsonError('ExpiredTokenException', 'expired') },
      /^The AWS credentials have expired\. Sign in again\.$/,
      /^AWS の認証情報/,
    ],
    [
      'the environment is not deployed in the region',
      {
        'cloudformation DescribeStacks': queryError(
          400,
          'ValidationError',
          'Stack with id Kumiki-sandbox-Containers does not exist',
        ),
      },
      /^Stack Kumiki-sandbox-Containers is not deployed in us-east-1\..* with --from-region\.$/,
      /--from-region/,
    ],
  ])('fails in one line where %s, and leaves the file as it is', async (_, other, en, ja) => {
    await expect(command({ ...deployed(new Registry(image), task(IMAGE)), ...other })).rejects.toMatchObject({
      text: { en: expect.stringMatching(en), ja: expect.stringMatching(ja) },
    });
    expect(readFileSync(file, 'utf8')).toBe(TEXT);
  });

  test.each([
    ['sts GetCallerIdentity', 1],
    ['cloudformation DescribeStacks', 1],
    ['ecs ListTasks', 1],
    ['ecr DescribeImageScanFindings', 1],
    ['ecr BatchCheckLayerAvailability', 1],
    // After the last layer, only the image is missing.
    ['ecr CompleteLayerUpload', LAYERS.length],
  ])('Ctrl-C during %s (%i) promotes nothing, and the same command goes on', async (name, time) => {
    const interruption = new AbortController();
    const registry = new Registry(image);
    const answers = deployed(registry, task(IMAGE));
    const answer = answers[name] ?? [501, name];
    let answerNow = () => {};
    const later = new Promise<void>((resolve) => {
      answerNow = resolve;
    });
    const interrupting: Answers = {
      ...answers,
      [name]: async (question) => {
        if (askedFor(name) === time) {
          interruption.abort();
          await later;
        }
        return typeof answer === 'function' ? answer(question) : answer;
      },
    };
    const { code, lines } = await command(interrupting, [], { interruption });
    answerNow();
    // The step under way ends. A further one would write the image.
    await sleep(60);
    expect(code).toBe(130);
    expect(lines.at(-1)).toMatch(/^Interrupted\. lib\/environments\.ts was not changed\./);
    expect([askedFor(name), askedFor('ecr PutImage')]).toEqual([time, 0]);
    expect(registry.manifests[TARGET]?.size).toBe(0);
    expect([readFileSync(file, 'utf8'), readdirSync(folder)]).toEqual([TEXT, ['environments.ts']]);

    expect((await command(answers)).code).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(promotedText);
  });

  test('Ctrl-C while the image is written leaves the file as it is', async () => {
    const interruption = new AbortController();
    const answers = deployed(new Registry(image), task(IMAGE));
    const put = answers['ecr PutImage'] ?? throttled;
    const interrupting: Answers = {
      ...answers,
      'ecr PutImage': (question) => {
        interruption.abort();
        return typeof put === 'function' ? put(question) : put;
      },
    };
    expect((await command(interrupting, [], { interruption })).code).toBe(130);
    await sleep(60);
    expect(readFileSync(file, 'utf8')).toBe(TEXT);
    const { code, lines } = await command(answers);
    expect([code, lines]).toEqual([0, expect.arrayContaining([`${TARGET} holds ${IMAGE}.`])]);
  });
});
