import { RegionInfo } from 'aws-cdk-lib/region-info';
import { buildsOnArm, hasVpcLinks, isRegionName, missingIn, otherPartitionOf, zonesOf } from '../lib/zones';

const withCluster = { kubernetes: true };

test('has three zones for a region with every part of the architecture', () => {
  expect(zonesOf('us-east-1')).toEqual(['us-east-1a', 'us-east-1b', 'us-east-1c']);
  expect(zonesOf('ap-northeast-1')).toEqual(['ap-northeast-1a', 'ap-northeast-1c', 'ap-northeast-1d']);
});

test.each([
  ['ap-northeast-3', 'no VPC links V2'],
  ['ca-central-1', 'VPC links V2 in two zones only, and no documented builds on ARM'],
  ['eu-north-1', 'no documented builds on ARM'],
  ['constructor', 'not a region'],
])('has no zones on file for %s: %s', (region) => {
  expect(() => zonesOf(region)).toThrow(
    `no availability zones are on file for "${region}". Give zones, as in -c region=`,
  );
});

test('has zones only for regions in which AWS documents every part', () => {
  const [, regions = ''] = /every part for them: (.*)\.$/.exec(messageOf(() => zonesOf('xx-none-1'))) ?? [];
  expect(regions.split(', ').length).toBeGreaterThan(5);
  for (const region of regions.split(', ')) {
    expect([region, hasVpcLinks(region), buildsOnArm(region)]).toEqual([region, true, true]);
    expect(zonesOf(region)).toHaveLength(3);
  }
});

test('names the parts that a zone does not have, by the id of the zone', () => {
  const az3 = { name: 'us-east-1a', id: 'use1-az3' };
  expect(missingIn(az3, 'us-east-1', withCluster)).toEqual(['VPC links V2', 'control planes of EKS']);
  expect(missingIn(az3, 'us-east-1', { kubernetes: false })).toEqual(['VPC links V2']);
  expect(missingIn({ name: 'us-east-1a', id: 'use1-az4' }, 'us-east-1', withCluster)).toEqual([]);
  expect(missingIn({ name: 'ca-central-1d', id: 'cac1-az4' }, 'ca-central-1', withCluster)).toEqual(['VPC links V2']);
  expect(missingIn({ name: 'ap-northeast-3a', id: 'apne3-az1' }, 'ap-northeast-3', withCluster)).toEqual([
    'VPC links V2',
  ]);
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

function messageOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('The action must throw an error, but it did not.');
}

test('takes the name of every region that the CDK knows, in each partition, for the name of a region', () => {
  const names = RegionInfo.regions.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(30);
  expect(names.filter((name) => !isRegionName(name))).toEqual([]);
});
