import { buildsOnArm, hasVpcLinks, missingIn, otherPartitionOf, zonesOf } from '../lib/zones';

const both = { kubernetes: true };

test('knows three zones of a region where every part is', () => {
  expect(zonesOf('us-east-1')).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c']);
  expect(zonesOf('ap-northeast-1')).toEqual(['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d']);
});

test.each([
  ['ap-northeast-3', 'no VPC links V2'],
  ['ca-central-1', 'VPC links V2 in two zones, and no word of builds on ARM'],
  ['eu-north-1', 'no word of builds on ARM'],
  ['constructor', 'no region'],
])('has nothing on file for %s: %s', (region) => {
  expect(() => zonesOf(region)).toThrow(
    `no availability zones are on file for "${region}". Give some, as in -c region=`,
  );
});

test('has on file only what AWS documents to serve every part', () => {
  const [, regions = ''] = /every part there: (.*)\.$/.exec(message(() => zonesOf('xx-none-1'))) ?? [];
  expect(regions.split(', ').length).toBeGreaterThan(5);
  for (const region of regions.split(', ')) {
    expect([region, hasVpcLinks(region), buildsOnArm(region)]).toEqual([region, true, true]);
    expect(zonesOf(region)).toHaveLength(3);
  }
});

test('tells what a zone does not have by its id', () => {
  const az3 = { name: 'us-east-1a', id: 'use1-az3' };
  expect(missingIn(az3, 'us-east-1', both)).toBe('no VPC links V2 and no control planes of EKS');
  expect(missingIn(az3, 'us-east-1', { kubernetes: false })).toBe('no VPC links V2');
  expect(missingIn({ name: 'us-east-1a', id: 'use1-az4' }, 'us-east-1', both)).toBeUndefined();
  expect(missingIn({ name: 'ca-central-1d', id: 'cac1-az4' }, 'ca-central-1', both)).toBe('no VPC links V2');
  expect(missingIn({ name: 'ap-northeast-3a', id: 'apne3-az1' }, 'ap-northeast-3', both)).toBe('no VPC links V2');
});

test.each([
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
  ['us-isob-east-1', 'aws-iso-b'],
  ['us-iso-east-1', 'aws-iso'],
  ['eusc-de-east-1', 'aws-eusc'],
  ['us-east-1', undefined],
  ['eu-central-1', undefined],
])('%s is in the partition %s', (region, partition) => {
  expect(otherPartitionOf(region)).toBe(partition);
});

function message(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('nothing was thrown');
}
