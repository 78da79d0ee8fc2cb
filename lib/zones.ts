/**
 * Regions and availability zones in which AWS offers the parts. Each table repeats one page of AWS. Copies of the pages were
 * read on 2026-11-27; the copy on VPC links V2 is newer than November 2025, when REST APIs began to support them.
 *
 * A zone has a name and an id. In the oldest regions, each account from before November 2025 has its own mapping from names to
 * ids, and AWS documents its services by id. Names are therefore configuration, and `npm run preflight` reads the ids from the
 * account.
 *
 * @see https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html
 */

/**
 * Ids of the zones that VPC links V2 serve, for all regions of the partition `aws` with VPC links V2.
 *
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-links-v2.html (Availability by Region)
 */
const VPC_LINK_ZONE_IDS: Readonly<Record<string, readonly string[]>> = {
  'us-east-1': ['use1-az1', 'use1-az2', 'use1-az4', 'use1-az5', 'use1-az6'],
  'us-east-2': ['use2-az1', 'use2-az2', 'use2-az3'],
  'us-west-1': ['usw1-az1', 'usw1-az3'],
  'us-west-2': ['usw2-az1', 'usw2-az2', 'usw2-az3', 'usw2-az4'],
  'ca-central-1': ['cac1-az1', 'cac1-az2'],
  'sa-east-1': ['sae1-az1', 'sae1-az2', 'sae1-az3'],
  'eu-west-1': ['euw1-az1', 'euw1-az2', 'euw1-az3'],
  'eu-west-2': ['euw2-az1', 'euw2-az2', 'euw2-az3'],
  'eu-west-3': ['euw3-az1', 'euw3-az3'],
  'eu-central-1': ['euc1-az1', 'euc1-az2', 'euc1-az3'],
  'eu-north-1': ['eun1-az1', 'eun1-az2', 'eun1-az3'],
  'eu-south-2': ['eus2-az1', 'eus2-az2', 'eus2-az3'],
  'ap-east-1': ['ape1-az2', 'ape1-az3'],
  'ap-northeast-1': ['apne1-az1', 'apne1-az2', 'apne1-az4'],
  'ap-northeast-2': ['apne2-az1', 'apne2-az2', 'apne2-az3'],
  'ap-southeast-1': ['apse1-az1', 'apse1-az2', 'apse1-az3'],
  'ap-southeast-2': ['apse2-az1', 'apse2-az2', 'apse2-az3'],
  'ap-south-1': ['aps1-az1', 'aps1-az2', 'aps1-az3'],
  'me-south-1': ['mes1-az1', 'mes1-az2', 'mes1-az3'],
};

/**
 * Ids of the zones in which EKS accepts no subnet for a control plane (`UnsupportedAvailabilityZoneException`).
 *
 * @see https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html (Subnet requirements)
 */
const ZONE_IDS_WITHOUT_CONTROL_PLANE: readonly string[] = ['use1-az3', 'usw1-az2', 'cac1-az3'];

/**
 * Regions for which AWS documents builds on ARM by CodeBuild, which the images of the container services need. Other regions
 * may support ARM by now: no page lists the regions of on-demand builds any more, so this list comes from two pages of the API
 * reference.
 *
 * @see https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html (type ARM_CONTAINER)
 * @see https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateFleet.html (environmentType ARM_CONTAINER)
 */
const ARM_BUILD_REGIONS: readonly string[] = [
  'us-east-1',
  'us-east-2',
  'us-west-2',
  'sa-east-1',
  'eu-west-1',
  'eu-central-1',
  'ap-northeast-1',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-south-1',
];

/** Letters of the zones of a new account, for regions in which the letters are not a, b and c. */
const ZONE_LETTERS: Readonly<Record<string, string>> = { 'ap-northeast-1': 'acd' };

/**
 * Partitions of AWS that lack a service of this architecture, with the patterns of their region names.
 *
 * @see node_modules/@aws-sdk/core, partitions.js (regionRegex), with the patterns that the SDK uses
 */
const OTHER_PARTITIONS: readonly (readonly [partition: string, regions: RegExp])[] = [
  ['aws-cn', /^cn-/],
  ['aws-us-gov', /^us-gov-/],
  ['aws-iso', /^us-iso-/],
  ['aws-iso-b', /^us-isob-/],
  ['aws-iso-e', /^eu-isoe-/],
  ['aws-iso-f', /^us-isof-/],
  ['aws-eusc', /^eusc-/],
];

/** An availability zone of an account. */
export interface Zone {
  readonly name: string;
  readonly id: string;
}

/** True if the name has the form of a region of AWS, such as us-east-1, also of one that is newer than this list. */
export function isRegionName(name: string): boolean {
  return /^[a-z]{2,4}(-[a-z]+)?-(central|north|south|(north|south)?(east|west))-[1-9]$/.test(name);
}

/** True if AWS documents every part for the region. */
export function isOnFile(region: string): boolean {
  return buildsOnArm(region) && hasVpcLinks(region);
}

/**
 * Returns the names of zones of a region for which AWS documents every part.
 *
 * @throws if AWS does not document every part for the region
 */
export function zonesOf(region: string): readonly string[] {
  if (isOnFile(region)) return [...(ZONE_LETTERS[region] ?? 'abc')].map((letter) => `${region}${letter}`);
  throw new Error(
    `region: no availability zones are on file for "${region}". Give zones, as in -c region=${region} ` +
      `-c zones=${region}a,${region}b, and check them with npm run preflight. Regions on file, because AWS documents every ` +
      `part for them: ${ARM_BUILD_REGIONS.filter(isOnFile).join(', ')}.`,
  );
}

/** Partition of a region; undefined for the partition `aws`. */
export function otherPartitionOf(region: string): string | undefined {
  return OTHER_PARTITIONS.find(([, regions]) => regions.test(region))?.[0];
}

/** True if AWS documents VPC links V2 for the region. */
export function hasVpcLinks(region: string): boolean {
  return Object.hasOwn(VPC_LINK_ZONE_IDS, region);
}

/** True if AWS documents builds on ARM by CodeBuild for the region. */
export function buildsOnArm(region: string): boolean {
  return ARM_BUILD_REGIONS.includes(region);
}

/** A service that is available in some zones of a region only. */
export type ZonalPart = 'VPC links V2' | 'control planes of EKS';

/** Services that the parts need and a zone lacks. */
export function missingIn(zone: Zone, region: string, needs: { readonly kubernetes: boolean }): readonly ZonalPart[] {
  return [
    ...(VPC_LINK_ZONE_IDS[region]?.includes(zone.id) ? [] : ['VPC links V2' as const]),
    ...(needs.kubernetes && ZONE_IDS_WITHOUT_CONTROL_PLANE.includes(zone.id) ? ['control planes of EKS' as const] : []),
  ];
}
